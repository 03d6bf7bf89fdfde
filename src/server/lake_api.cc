// Routes about the tables and the quarantine.
#include <fmt/format.h>

#include <memory>

#include "src/base/json_writer.h"
#include "src/model/delta_type.h"
#include "src/server/api.h"
#include "src/server/api_body.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr size_t kMaxBodyBytes = 1024;

void WriteTable(const TableSummary& table, JsonWriter* json) {
  json->BeginObject().Field("name", table.name).Field("full_name", table.full_name);
  json->Field("description", table.description).Field("version", table.version);
  json->Field("files", table.files).Field("small_files", table.small_files);
  json->Field("size_bytes", table.size_bytes).Field("rows", table.rows);
  json->Key("columns").BeginArray();
  for (const TableColumn& column : table.columns) {
    json->BeginObject().Field("name", column.name).Field("type", DeltaTypeName(column.type));
    json->Field("comment", column.comment).EndObject();
  }
  json->EndArray().Key("commits").BeginArray();
  for (const CommitSummary& commit : table.commits) {
    json->BeginObject().Field("version", commit.version).Field("time_us", commit.time_ms * 1000);
    json->Field("operation", commit.operation).Field("files_added", commit.files_added);
    json->Field("files_removed", commit.files_removed).Field("rows_added", commit.rows_added);
    json->Field("bytes_added", commit.bytes_added).EndObject();
  }
  json->EndArray().EndObject();
}

HttpResponse TablesReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  const auto commits = static_cast<size_t>(query.Integer("commits", 20, 0, 200));
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto tables = context.history->Tables(commits);
  if (!tables.ok()) return ErrorResponse(tables.status());
  JsonWriter json;
  json.BeginObject().Field("lake", context.engine->config().storage.lake);
  json.Key("tables").BeginArray();
  for (const TableSummary& table : *tables) WriteTable(table, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

/// Null when quarantine cannot be tried again while avocet runs.
void WriteRetry(const ReloadDesk* desk, JsonWriter* json) {
  json->Key("retry");
  if (desk == nullptr) return static_cast<void>(json->Null());
  json->BeginObject().Field("is_waiting", desk->HasRetry()).Key("last");
  if (const auto last = desk->last_retry()) {
    json->BeginObject().Field("code", last->code).Field("at_us", last->at_us);
    json->Field("tried", last->report.tried).Field("good", last->report.good);
    json->Field("accepted", last->report.accepted).Field("duplicates", last->report.duplicates);
    json->Field("dropped", last->report.dropped).Field("problem", last->problem).EndObject();
  } else {
    json->Null();
  }
  json->EndObject();
}

HttpResponse QuarantineReply(const ApiContext& context) {
  const auto summary = context.history->Quarantine();
  if (!summary.ok()) return ErrorResponse(summary.status());
  JsonWriter json;
  json.BeginObject().Field("rows", summary->rows).Field("examined", summary->examined);
  json.Key("reasons").BeginArray();
  for (const QuarantineReason& reason : summary->reasons) {
    json.BeginObject().Field("code", reason.code).Field("count", reason.count);
    json.Field("newest_us", reason.newest_us).Field("message", reason.message);
    json.Field("sample", reason.sample).Field("position", reason.position).EndObject();
  }
  json.EndArray();
  WriteRetry(context.reload_desk, &json);
  json.EndObject();
  return HttpResponse::Json(200, json.Take());
}

// The engine pauses only when that gets a record out of quarantine.
HttpResponse RetryReply(const ApiContext& context, const HttpRequest& request,
                        const Caller& caller) {
  ApiBody body(request.body);
  const std::string code = body.Text("code");
  if (const auto mistake = body.Mistake()) return *mistake;
  const auto judged =
      RetryQuarantine(context.engine->config(), context.env, {.code = code, .dry_run = true});
  if (!judged.ok()) return ErrorResponse(judged.status());
  const bool begins = judged->good > 0;
  const Status status = begins ? context.reload_desk->RequestRetry(code) : Status::Ok();
  const char* const outcome = !begins ? "not needed" : status.ok() ? "begun" : "refused";
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = fmt::format("retry of quarantine {}", outcome),
                       .details = {{"code", code},
                                   {"tried", std::to_string(judged->tried)},
                                   {"good", std::to_string(judged->good)}}});
  if (status.code() == StatusCode::kUsage) {
    return HttpResponse::Error(409, "cannot_pause", status.message());
  }
  if (!status.ok()) return ErrorResponse(status);
  JsonWriter json;
  json.BeginObject().Field("is_begun", begins).Field("tried", judged->tried);
  json.Field("good", judged->good).Field("quality", judged->quality);
  json.Field("incomplete", judged->incomplete).EndObject();
  return HttpResponse::Json(begins ? 202 : 200, json.Take());
}

}  // namespace

std::vector<ApiRoute> LakeRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  std::vector<ApiRoute> routes = {
      {.method = "GET",
       .path = "/api/v1/tables",
       .handler = [context](const HttpRequest& request,
                            const auto&) { return TablesReply(*context, request); },
       .work = ApiWork::kTables},
      {.method = "GET",
       .path = "/api/v1/quarantine",
       .handler = [context](const auto&, const auto&) { return QuarantineReply(*context); },
       .work = ApiWork::kTables}};
  if (context->reload_desk == nullptr) return routes;
  routes.push_back(
      {.method = "POST",
       .path = "/api/v1/quarantine/retry",
       .handler = [context](const HttpRequest& request,
                            const Caller& caller) { return RetryReply(*context, request, caller); },
       .work = ApiWork::kTables,
       .role = Role::kOperator,
       .changes = true,
       .max_body_bytes = kMaxBodyBytes});
  return routes;
}

}  // namespace avocet
