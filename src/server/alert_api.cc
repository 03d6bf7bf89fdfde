// Routes about alerts: the list, one of them, as CSV; what people do about them; mutes.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/config/device_labels.h"
#include "src/server/alert_json.h"
#include "src/server/api.h"
#include "src/server/api_body.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr int64_t kMaxListed = 2000;
constexpr size_t kMaxSimilar = 5;
constexpr size_t kMaxExported = 100'000;
constexpr size_t kMaxActed = 1000;
constexpr size_t kMaxBodyBytes = 256 * 1024;
constexpr size_t kMaxText = 2000;
constexpr const char* kDefaultMute = "1h";

AlertFilter FilterOf(const ApiContext& context, ApiQuery* query) {
  AlertFilter filter;
  filter.from_us = query->Instant("from", INT64_MIN);
  filter.to_us = query->Instant("to", INT64_MAX);
  filter.device = query->Text("device");
  filter.metric = query->Text("metric");
  filter.rule = query->Text("rule");
  filter.text = query->Text("q");
  filter.labels = query->LabelPatterns();
  filter.devices = &context.engine->config().devices;
  const std::string severity = query->Word("severity", {"any", "info", "warning", "critical"});
  if (severity != "any") filter.severity = severity;
  filter.stage =
      ParseAlertStage(query->Word("stage", {"any", "open", "acknowledged", "cleared", "pending"}));
  return filter;
}

HttpResponse AlertsReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  const AlertFilter filter = FilterOf(context, &query);
  const auto limit = static_cast<size_t>(query.Integer("limit", 200, 1, kMaxListed));
  if (const auto mistake = query.Mistake()) return *mistake;
  const AlertBoard::Page page = context.board->Find(filter, limit);
  JsonWriter json;
  json.BeginObject().Field("matching", page.matching).Key("stages").BeginObject();
  for (size_t i = 0; i < kNumAlertStages; ++i) {
    json.Field(AlertStageName(static_cast<AlertStage>(i)), page.stages[i]);
  }
  json.EndObject().Key("alerts").BeginArray();
  for (const BoardAlert& alert : page.alerts) {
    WriteAlert(alert, context.desk->IsMuted(alert.last),
               LabelsOf(context.engine->config().devices, alert.last.device), &json);
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse CsvReply(const ApiContext& context, const HttpRequest& request, const Caller& caller) {
  ApiQuery query(request, context.NowMicros());
  const AlertFilter filter = FilterOf(context, &query);
  if (const auto mistake = query.Mistake()) return *mistake;
  const AlertBoard::Page page = context.board->Find(filter, kMaxExported);
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "alerts exported",
                       .details = {{"rows", std::to_string(page.alerts.size())}}});
  std::string csv = AlertCsvHeader();
  for (const BoardAlert& alert : page.alerts) {
    csv += AlertCsv(alert, context.desk->IsMuted(alert.last));
  }
  return {.status = 200,
          .content_type = "text/csv; charset=utf-8",
          .body = std::move(csv),
          .headers = {{"Content-Disposition", "attachment; filename=\"alerts.csv\""}}};
}

HttpResponse AlertReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  const std::string id = query.RequiredText("id");
  // Links of messages say when, for the page; the board needs no help.
  query.Instant("at", INT64_MIN);
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto alert = context.board->Get(id);
  if (!alert) return HttpResponse::Error(404, "not_found", "there is no alert with that id");
  JsonWriter json;
  WriteWholeAlert(*alert, context.desk->IsMuted(alert->last),
                  LabelsOf(context.engine->config().devices, alert->last.device),
                  context.board->Similar(alert->last, kMaxSimilar), &json);
  return HttpResponse::Json(200, json.Take());
}

HttpResponse ActReply(const ApiContext& context, const HttpRequest& request, const Caller& caller) {
  ApiBody body(request.body);
  const std::vector<std::string> ids = body.RequiredTexts("ids", kMaxActed);
  const std::string word = body.RequiredText("action");
  const std::string text = body.Text("text");
  const std::pair<std::string_view, OperatorAction> actions[] = {
      {"acknowledge", OperatorAction::kAcknowledge},
      {"comment", OperatorAction::kComment},
      {"assign", OperatorAction::kAssign},
      {"label", OperatorAction::kLabel}};
  const auto action = std::find_if(std::begin(actions), std::end(actions),
                                   [&](const auto& known) { return known.first == word; });
  if (action == std::end(actions)) {
    body.Fail("\"action\" must be acknowledge, comment, assign or label");
  } else if (action->second == OperatorAction::kLabel && text != kTruePositive &&
             text != kFalsePositive) {
    body.Fail("the \"text\" of a label must be true-positive or false-positive");
  } else if (text.empty() && action->second != OperatorAction::kAcknowledge) {
    body.Fail("\"text\" is missing");
  } else if (text.size() > kMaxText) {
    body.Fail("\"text\" is too long");
  }
  if (const auto mistake = body.Mistake()) return *mistake;
  const Status status = context.desk->Act(ids, action->second, caller.name, text);
  if (!status.ok()) return ErrorResponse(status);
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "alerts changed",
                       .details = {{"action", word},
                                   {"text", word == "comment" ? "" : text},
                                   {"alerts", fmt::format("{}", fmt::join(ids, " "))}}});
  return HttpResponse::Json(200, R"({"ok":true})");
}

HttpResponse MutesReply(const ApiContext& context) {
  JsonWriter json;
  json.BeginObject().Key("mutes").BeginArray();
  for (const Mute& mute : context.desk->Mutes()) WriteMute(mute, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse AddMuteReply(const ApiContext& context, const HttpRequest& request,
                          const Caller& caller) {
  ApiBody body(request.body);
  Mute mute;
  mute.created_us = context.env->NowMicros();
  mute.until_us = INT64_MAX;
  mute.actor = caller.name;
  mute.rule = body.Text("rule", "*");
  mute.device = body.Text("device", "*");
  mute.metric = body.Text("metric", "*");
  mute.labels = body.LabelPatterns("labels");
  mute.reason = body.Text("reason");
  mute.schedule = body.Text("schedule");
  const std::string length = body.Text("for", mute.schedule.empty() ? kDefaultMute : "");
  if (!length.empty()) {
    const auto duration = ParseDuration(length);
    if (!duration.ok() || *duration <= 0) {
      body.Fail("\"for\" must be a duration such as 2h");
    } else if (__builtin_add_overflow(mute.created_us, *duration, &mute.until_us)) {
      mute.until_us = INT64_MAX;
    }
  }
  if (!mute.schedule.empty()) {
    const Status schedule = WeeklySchedule::Parse(mute.schedule).status();
    if (!schedule.ok()) body.Fail(schedule.message());
  }
  for (const std::string* text :
       {&mute.rule, &mute.device, &mute.metric, &mute.reason, &mute.schedule}) {
    if (text->size() > kMaxText) body.Fail("a text is too long");
  }
  if (const auto mistake = body.Mistake()) return *mistake;
  const auto id = context.desk->AddMute(mute);
  if (!id.ok()) return ErrorResponse(id.status());
  mute.id = *id;
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "mute added",
                       .details = {{"mute", std::to_string(*id)},
                                   {"rule", mute.rule},
                                   {"device", mute.device},
                                   {"metric", mute.metric},
                                   {"labels", LabelsText(mute.labels)}}});
  JsonWriter json;
  WriteMute(mute, &json);
  return HttpResponse::Json(200, json.Take());
}

HttpResponse EndMuteReply(const ApiContext& context, const HttpRequest& request,
                          const Caller& caller) {
  ApiQuery query(request, context.NowMicros());
  const int64_t id = query.Integer("id", 0, 1, INT64_MAX);
  if (id == 0) query.Fail("the parameter id is missing");
  if (const auto mistake = query.Mistake()) return *mistake;
  const Status status = context.desk->EndMute(id);
  if (!status.ok()) return ErrorResponse(status);
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "mute ended",
                       .details = {{"mute", std::to_string(id)}}});
  return HttpResponse::Json(200, R"({"ok":true})");
}

}  // namespace

std::vector<ApiRoute> AlertRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  const auto plain = [context](HttpResponse (*reply)(const ApiContext&, const HttpRequest&)) {
    return [context, reply](const HttpRequest& request, const Caller&) {
      return reply(*context, request);
    };
  };
  const auto named =
      [context](HttpResponse (*reply)(const ApiContext&, const HttpRequest&, const Caller&)) {
        return [context, reply](const HttpRequest& request, const Caller& caller) {
          return reply(*context, request, caller);
        };
      };
  return {{.method = "GET",
           .path = "/api/v1/alerts",
           .handler = plain(AlertsReply),
           .work = ApiWork::kMemory},
          {.method = "GET",
           .path = "/api/v1/alerts.csv",
           .handler = named(CsvReply),
           .work = ApiWork::kMemory},
          {.method = "GET",
           .path = "/api/v1/alert",
           .handler = plain(AlertReply),
           .work = ApiWork::kMemory},
          {.method = "POST",
           .path = "/api/v1/alert_actions",
           .handler = named(ActReply),
           .work = ApiWork::kTables,
           .role = Role::kOperator,
           .changes = true,
           .max_body_bytes = kMaxBodyBytes},
          {.method = "GET",
           .path = "/api/v1/mutes",
           .handler = [context](const auto&, const auto&) { return MutesReply(*context); }},
          {.method = "POST",
           .path = "/api/v1/mutes",
           .handler = named(AddMuteReply),
           .work = ApiWork::kTables,
           .role = Role::kOperator,
           .changes = true,
           .max_body_bytes = kMaxBodyBytes},
          {.method = "DELETE",
           .path = "/api/v1/mutes",
           .handler = named(EndMuteReply),
           .work = ApiWork::kTables,
           .role = Role::kOperator,
           .changes = true}};
}

}  // namespace avocet
