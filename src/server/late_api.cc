// The route about readings that came late: how many of each device, and the newest.
#include <memory>
#include <utility>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/server/api.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr int64_t kMaxListed = 1000;
constexpr size_t kMaxDevices = 200;
// What is looked at for one answer.
constexpr int64_t kMostRows = 5'000'000;
constexpr int64_t kFirstRangeUs = 7 * kMicrosPerDay;

HttpResponse LateReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const LateFilter filter = {
      .device = query.Text("device"),
      .from_us = query.Instant("from", now_us - kFirstRangeUs),
      .to_us = query.Instant("to", now_us + 1),
      .metrics = context.fleet->metrics(),
      .limit = static_cast<size_t>(query.Integer("limit", 100, 1, kMaxListed)),
      .most_rows = kMostRows};
  if (filter.from_us >= filter.to_us) query.Fail("from is not before to");
  if (const auto mistake = query.Mistake()) return *mistake;
  auto late = context.history->Late(filter);
  if (late.status().code() == StatusCode::kNotFound) late = LateRows();
  if (!late.ok()) return ErrorResponse(late.status());
  JsonWriter json;
  json.BeginObject().Field("rows", late->rows).Field("examined", late->examined);
  json.Field("is_complete", late->is_complete);
  json.Field("late_devices", uint64_t{late->devices.size()}).Key("devices").BeginArray();
  for (size_t i = 0; i < std::min(late->devices.size(), kMaxDevices); ++i) {
    const LateCount& count = late->devices[i];
    json.BeginObject().Field("device", count.device).Field("rows", count.rows);
    json.Field("newest_us", count.newest_us).EndObject();
  }
  json.EndArray().Key("newest").BeginArray();
  for (const LateReading& reading : late->newest) {
    json.BeginObject().Field("device", reading.device).Field("time_us", reading.event_time_us);
    json.Key("values").BeginObject();
    for (size_t m = 0; m < filter.metrics.size(); ++m) {
      json.Field(filter.metrics[m], reading.values[m]);
    }
    json.EndObject().EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

std::vector<ApiRoute> LateRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/late",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return LateReply(*context, request); },
           .work = ApiWork::kTables}};
}

}  // namespace avocet
