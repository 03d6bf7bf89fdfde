// Routes about the program itself: what it does, how long that takes, its configuration; sessions.
#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <optional>

#include "src/base/json_writer.h"
#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/env/signals.h"
#include "src/server/api.h"

namespace avocet {
namespace {

constexpr size_t kMaxLoginBytes = 1024;

void WriteJournal(const SourceHealth& health, JsonWriter* json) {
  if (health.journal_max_bytes == 0) {
    json->Null();
    return;
  }
  json->BeginObject().Field("bytes", health.journal_bytes);
  json->Field("max_bytes", health.journal_max_bytes).Field("segments", health.journal_segments);
  json->FieldOrNull("oldest_us", health.journal_oldest_us == 0
                                     ? std::nullopt
                                     : std::optional<int64_t>(health.journal_oldest_us));
  json->Field("syncs", health.journal_syncs).EndObject();
}

void WriteSources(const Progress& progress, JsonWriter* json) {
  json->Key("sources").BeginArray();
  for (const SourceProgress& source : progress.sources) {
    json->BeginObject().Field("name", source.name).Field("ended", source.ended);
    json->Field("records", source.records).Field("bytes", source.bytes);
    json->Field("lag_bytes", source.health.lag_bytes);
    json->Field("lag_records", source.health.lag_records);
    json->Field("problem", source.health.problem).Key("journal");
    WriteJournal(source.health, json);
    json->EndObject();
  }
  json->EndArray();
}

void WriteChannels(const ApiContext& context, JsonWriter* json) {
  json->Key("channels").BeginArray();
  const auto standings = context.desk->Standings();
  // What the disk does not tell now it may tell the next time.
  if (standings.ok()) {
    for (const OutboxStanding& channel : *standings) {
      json->BeginObject().Field("name", channel.channel).Field("waiting", channel.waiting);
      json->Field("delivered", channel.delivered).Field("failed", channel.failed);
      json->Field("silenced", channel.silenced).EndObject();
    }
  }
  json->EndArray();
}

void WriteConfig(const Config& config, JsonWriter* json) {
  json->Key("config").BeginArray();
  for (const DumpedLine& line : DumpLines(config, DetectorSpecs())) {
    json->BeginObject().Field("text", line.text).Field("has_value", !line.key.empty());
    json->FieldOrNull("line", line.line == 0 ? std::nullopt : std::optional<int64_t>(line.line));
    json->EndObject();
  }
  json->EndArray();
}

void WriteTotals(const Totals& totals, JsonWriter* json) {
  json->Key("totals").BeginObject().Field("received", totals.received);
  json->Field("accepted", totals.accepted).Field("quarantined", totals.quarantined);
  json->Field("duplicates", totals.duplicates).Field("dropped", totals.dropped);
  json->Field("late", totals.late).Field("anomalies", totals.anomalies).EndObject();
}

void WriteQuantiles(const LatencyHistogram& values, JsonWriter* json) {
  for (const auto& [name, quantile] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"max", 1.0}}) {
    json->Field(name, static_cast<double>(values.Quantile(quantile).count()) * 1e-6);
  }
}

void WriteLatency(std::string_view stage, const LatencyHistogram& values, JsonWriter* json) {
  json->BeginObject().Field("stage", stage).Field("count", values.count());
  WriteQuantiles(values, json);
  json->EndObject();
}

void WriteLatencies(const StageClock& clock, JsonWriter* json) {
  json->Key("to_commit_ms").BeginArray();
  for (size_t i = 0; i < kNumCommitStages; ++i) {
    const auto stage = static_cast<CommitStage>(i);
    WriteLatency(CommitStageName(stage), clock.at(stage), json);
  }
  json->EndArray().Key("to_alert_ms").BeginArray();
  for (size_t i = 0; i < kNumMessageStages; ++i) {
    const auto stage = static_cast<MessageStage>(i);
    WriteLatency(MessageStageName(stage), clock.to_alert().at(stage), json);
  }
  json->EndArray();
}

HttpResponse SystemReply(const ApiContext& context, const Caller& caller) {
  const Progress progress = context.engine->progress();
  const Config& config = context.engine->config();
  const ProcessUsage usage = UsageSoFar();
  const StageClock& clock = context.engine->clock();
  JsonWriter json;
  json.BeginObject().Field("version", context.version);
  json.Field("started_us", context.started_us).Field("host", context.env->HostName());
  json.Field("process_id", context.env->ProcessId());
  json.Field("peak_memory_bytes", usage.peak_memory_bytes);
  json.Field("cpu_seconds", usage.user_seconds + usage.system_seconds);
  json.Field("problem", progress.problem).Field("epoch", progress.epoch);
  json.Field("commits", progress.commits).Field("last_commit_us", progress.last_commit_us);
  json.Field("devices", progress.devices).Field("bytes_read", progress.bytes_read);
  WriteTotals(progress.totals, &json);
  json.Key("violations").BeginObject();
  for (size_t i = 0; i < kNumQualityRules; ++i) {
    json.Field(QualityRuleName(static_cast<QualityRule>(i)), progress.violations[i]);
  }
  json.EndObject().Key("stages").BeginArray();
  for (size_t i = 0; i < kNumStages; ++i) {
    const auto stage = static_cast<Stage>(i);
    json.BeginObject().Field("name", StageName(stage));
    json.Field("seconds", clock.at(stage).sum_seconds()).EndObject();
  }
  json.EndArray().Key("judgement_ms").BeginObject();
  WriteQuantiles(clock.at(CommitStage::kJudged), &json);
  json.EndObject();
  WriteLatencies(clock, &json);
  WriteSources(progress, &json);
  WriteChannels(context, &json);
  json.Field("config_file", config.file);
  if (caller.role == Role::kAdmin) {
    WriteConfig(config, &json);
  } else {
    json.Key("config").Null();
  }
  json.EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse ReloadReply(const ApiContext& context, const Caller& caller) {
  const auto plan = context.reload_desk->Request(context.engine->progress().fleet_time_us);
  context.audit->Note({.actor = caller.name,
                       .remote = "",
                       .action = plan.ok() ? "reload begun" : "reload refused",
                       .details = {}});
  if (!plan.ok()) return HttpResponse::Error(422, "bad_config", plan.status().message());
  JsonWriter json;
  json.BeginObject().Field("ok", true).Field("keeps_state", plan->keeps_state).EndObject();
  return HttpResponse::Json(202, json.Take() + "\n");
}

HttpResponse LogInReply(const ApiContext& context, const HttpRequest& request) {
  simdjson::dom::parser parser;
  const simdjson::padded_string body(request.body);
  std::string_view secret;
  simdjson::dom::element element;
  if (parser.parse(body).get(element) != simdjson::SUCCESS ||
      element["token"].get_string().get(secret) != simdjson::SUCCESS) {
    return HttpResponse::Error(400, "bad_body", "the body is a JSON object with a text \"token\"");
  }
  const auto cookie = context.access->LogIn(secret, context.is_secure);
  spdlog::info("audit: session {}, remote={}", cookie ? "started" : "refused", request.remote);
  if (!cookie) return HttpResponse::Error(401, "unknown_token", "this token is not known");
  HttpResponse response = HttpResponse::Json(200, "{\"ok\":true}");
  response.headers.emplace_back("Set-Cookie", *cookie);
  return response;
}

HttpResponse LogOutReply(const ApiContext& context, const HttpRequest& request) {
  HttpResponse response = HttpResponse::Json(200, "{\"ok\":true}");
  response.headers.emplace_back("Set-Cookie", context.access->LogOut(request));
  spdlog::info("audit: session ended, remote={}", request.remote);
  return response;
}

}  // namespace

std::vector<ApiRoute> SystemRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  std::vector<ApiRoute> routes = {
      {.method = "GET",
       .path = "/api/v1/system",
       .handler = [context](const auto&,
                            const Caller& caller) { return SystemReply(*context, caller); },
       .work = ApiWork::kTables}};
  if (context->reload_desk == nullptr) return routes;
  routes.push_back(
      {.method = "POST",
       .path = "/-/reload",
       .handler = [context](const auto&,
                            const Caller& caller) { return ReloadReply(*context, caller); },
       .work = ApiWork::kMemory,
       .role = Role::kAdmin,
       .changes = true});
  return routes;
}

std::vector<ApiRoute> SessionRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "POST",
           .path = "/api/v1/session",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return LogInReply(*context, request); },
           .is_public = true,
           .changes = true,
           .max_body_bytes = kMaxLoginBytes},
          {.method = "DELETE",
           .path = "/api/v1/session",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return LogOutReply(*context, request); },
           .is_public = true,
           .changes = true}};
}

}  // namespace avocet
