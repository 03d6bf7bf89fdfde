// Routes about anomalies: the list, one of them, the list as CSV.
#include <memory>
#include <unordered_set>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/server/api.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr int64_t kMaxListed = 2000;
constexpr size_t kMaxExported = 100'000;
// How far from its event time an anomaly is looked for in the tables.
constexpr int64_t kSecond = 1'000'000;

AnomalyFilter FilterOf(const ApiContext& context, ApiQuery* query) {
  AnomalyFilter filter;
  filter.from_us = query->Instant("from", context.NowMicros() - kMicrosPerDay);
  filter.to_us = query->Instant("to", INT64_MAX);
  filter.device = query->Text("device");
  filter.metric = query->Text("metric");
  filter.detector = query->Text("detector");
  filter.type = query->Text("type");
  filter.text = query->Text("q");
  filter.labels = query->LabelPatterns();
  filter.devices = &context.engine->config().devices;
  const std::string severity = query->Word("severity", {"any", "info", "warning", "critical"});
  if (severity != "any") filter.severity = severity;
  return filter;
}

// From memory, and when that does not go back far enough, from the tables.
Result<std::vector<AnomalyRow>> Find(const ApiContext& context, const AnomalyFilter& filter,
                                     size_t limit) {
  std::vector<AnomalyRow> rows = context.feed->Newest(filter, limit);
  if (filter.from_us >= context.feed->complete_from_us()) return rows;
  auto stored = context.history->Anomalies(filter, limit);
  if (!stored.ok()) {
    if (stored.status().code() == StatusCode::kNotFound) return rows;
    return stored.status();
  }
  std::unordered_set<std::string> known;
  for (const AnomalyRow& row : rows) known.insert(row.id);
  for (AnomalyRow& row : *stored) {
    if (!known.contains(row.id)) rows.push_back(std::move(row));
  }
  KeepNewest(&rows, limit);
  return rows;
}

HttpResponse AnomaliesReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  const AnomalyFilter filter = FilterOf(context, &query);
  const auto limit = static_cast<size_t>(query.Integer("limit", 200, 1, kMaxListed));
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto rows = Find(context, filter, limit);
  if (!rows.ok()) return ErrorResponse(rows.status());
  JsonWriter json;
  json.BeginObject().Field("is_complete", rows->size() < limit).Key("anomalies").BeginArray();
  for (const AnomalyRow& row : *rows) WriteAnomaly(row, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse CsvReply(const ApiContext& context, const HttpRequest& request, const Caller& caller) {
  ApiQuery query(request, context.NowMicros());
  const AnomalyFilter filter = FilterOf(context, &query);
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto rows = Find(context, filter, kMaxExported);
  if (!rows.ok()) return ErrorResponse(rows.status());
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "anomalies exported",
                       .details = {{"rows", std::to_string(rows->size())}}});
  std::string csv = AnomalyCsvHeader();
  for (const AnomalyRow& row : *rows) csv += AnomalyCsv(row);
  return {.status = 200,
          .content_type = "text/csv; charset=utf-8",
          .body = std::move(csv),
          .headers = {{"Content-Disposition", "attachment; filename=\"anomalies.csv\""}}};
}

HttpResponse AnomalyReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  AnomalyFilter filter;
  filter.id = query.RequiredText("id");
  const int64_t at_us = query.Instant("at", INT64_MIN);
  if (const auto mistake = query.Mistake()) return *mistake;
  auto row = context.feed->Find(filter.id);
  if (!row) {
    if (at_us != INT64_MIN) {
      filter.from_us = at_us - kSecond;
      filter.to_us = at_us + kSecond;
    }
    auto stored = context.history->Anomalies(filter, 1);
    if (!stored.ok()) return ErrorResponse(stored.status());
    if (!stored->empty()) row = std::move(stored->front());
  }
  if (!row) return HttpResponse::Error(404, "not_found", "there is no anomaly with that id");
  JsonWriter json;
  WriteAnomaly(*row, &json);
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

std::vector<ApiRoute> AnomalyRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {
      {.method = "GET",
       .path = "/api/v1/anomalies",
       .handler = [context](const HttpRequest& request,
                            const auto&) { return AnomaliesReply(*context, request); },
       .work = ApiWork::kTables},
      {.method = "GET",
       .path = "/api/v1/anomalies.csv",
       .handler = [context](const HttpRequest& request,
                            const Caller& caller) { return CsvReply(*context, request, caller); },
       .work = ApiWork::kTables},
      {.method = "GET",
       .path = "/api/v1/anomaly",
       .handler = [context](const HttpRequest& request,
                            const auto&) { return AnomalyReply(*context, request); },
       .work = ApiWork::kTables}};
}

}  // namespace avocet
