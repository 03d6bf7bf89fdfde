// Routes about resets: letting detectors say again what they had muted because it came too often.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "src/base/json_writer.h"
#include "src/server/api.h"
#include "src/server/api_body.h"

namespace avocet {
namespace {

constexpr size_t kMaxBodyBytes = 4096;

void WriteReset(const SeriesReset& reset, JsonWriter* json) {
  json->BeginObject().Field("id", reset.id).Field("device", reset.device);
  json->Field("metric", reset.metric).Field("created_us", reset.created_us);
  json->Field("actor", reset.actor);
  json->FieldOrNull("from_us", reset.from_us);
  json->EndObject();
}

HttpResponse ResetsReply(const ApiContext& context) {
  const auto resets = context.desk->Resets();
  if (!resets.ok()) return ErrorResponse(resets.status());
  JsonWriter json;
  json.BeginObject().Key("resets").BeginArray();
  for (auto reset = resets->rbegin(); reset != resets->rend(); ++reset) WriteReset(*reset, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse AddResetReply(const ApiContext& context, const HttpRequest& request,
                           const Caller& caller) {
  ApiBody body(request.body);
  SeriesReset reset{.device = body.RequiredText("device"),
                    .metric = body.Text("metric"),
                    .created_us = context.env->NowMicros(),
                    .actor = caller.name,
                    .from_us = {}};
  const std::vector<std::string> metrics = context.fleet->metrics();
  if (!reset.metric.empty() &&
      std::find(metrics.begin(), metrics.end(), reset.metric) == metrics.end()) {
    body.Fail("there is no metric " + reset.metric);
  }
  if (const auto mistake = body.Mistake()) return *mistake;
  if (!context.fleet->Device(reset.device)) {
    return HttpResponse::Error(404, "not_found", "there is no device of that name");
  }
  const auto added = context.desk->AddReset(reset);
  if (!added.ok()) return ErrorResponse(added.status());
  reset.id = *added;
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "muted series reset",
                       .details = {{"reset", std::to_string(reset.id)},
                                   {"device", reset.device},
                                   {"metric", reset.metric}}});
  JsonWriter json;
  WriteReset(reset, &json);
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

std::vector<ApiRoute> ResetRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/resets",
           .handler = [context](const auto&, const auto&) { return ResetsReply(*context); },
           .work = ApiWork::kTables},
          {.method = "POST",
           .path = "/api/v1/resets",
           .handler =
               [context](const HttpRequest& request, const Caller& caller) {
                 return AddResetReply(*context, request, caller);
               },
           .work = ApiWork::kTables,
           .role = Role::kOperator,
           .changes = true,
           .max_body_bytes = kMaxBodyBytes}};
}

}  // namespace avocet
