// Routes about the health of devices: health (the fleet, by urgency), device_health (hours of one).
#include <cmath>
#include <memory>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/engine/device_lives.h"
#include "src/server/api.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr int64_t kMaxDevices = 10'000;

void WriteHour(const HealthHour& hour, JsonWriter* json) {
  json->Field("hour_us", hour.hour_us).Field("until_us", hour.until_us);
  json->Field("health", hour.health).Field("availability", hour.availability);
  json->Field("freshness", hour.freshness).Field("quality", hour.quality);
  json->Field("anomaly_share", hour.anomaly_share).Field("drift", hour.drift);
  json->Field("reason", hour.reason);
}

HttpResponse FleetReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  const auto limit = static_cast<size_t>(query.Integer("limit", 100, 1, kMaxDevices));
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto fleet = context.history->Health();
  if (!fleet.ok()) return ErrorResponse(fleet.status());
  JsonWriter json;
  json.BeginObject()
      .Field("total", fleet->devices.size())
      .Field("need_attention", fleet->NumUrgent());
  json.Key("devices").BeginArray();
  for (size_t i = 0; i < std::min(limit, fleet->devices.size()); ++i) {
    const DeviceOutlook& device = fleet->devices[i];
    json.BeginObject().Field("device", device.last.device).Field("urgency", device.urgency);
    json.Field("day", device.day).Field("week", device.week);
    json.Field("silent_us", device.silent_us);
    json.Key("reasons").BeginArray();
    for (const std::string& reason : device.reasons) json.String(reason);
    json.EndArray();
    WriteUsefulLife(device.life, &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse DeviceReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const std::string device = query.RequiredText("device");
  const int64_t from_us = query.Instant("from", now_us - 7 * kMicrosPerDay);
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto health = context.history->HealthOf(device, from_us);
  if (!health.ok()) return ErrorResponse(health.status());
  JsonWriter json;
  json.BeginObject().Field("device", device).Key("hours").BeginArray();
  for (const HealthHour& hour : health->hours) {
    json.BeginObject();
    WriteHour(hour, &json);
    json.EndObject();
  }
  json.EndArray().Key("limits").BeginArray();
  for (const LimitForecast& forecast : health->limits) {
    json.BeginObject().Field("metric", forecast.metric).Field("limit", forecast.limit);
    json.Field("level", forecast.level).Field("per_hour", forecast.per_hour);
    json.Field("hours", forecast.hours).Field("hours_low", forecast.hours_low);
    json.Field("hours_high", forecast.hours_high).EndObject();
  }
  json.EndArray();
  WriteUsefulLife(health->life, &json);
  json.EndObject();
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

std::vector<ApiRoute> HealthRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/health",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return FleetReply(*context, request); },
           .work = ApiWork::kTables},
          {.method = "GET",
           .path = "/api/v1/device_health",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return DeviceReply(*context, request); },
           .work = ApiWork::kTables}};
}

}  // namespace avocet
