// The route that runs a query: SQL over the tables, by a program of its own.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "src/base/json_writer.h"
#include "src/env/child_program.h"
#include "src/server/api.h"
#include "src/server/api_body.h"
#include "src/server/query_lake.h"
#include "src/server/query_program.h"

namespace avocet {
namespace {

constexpr size_t kMaxBodyBytes = 64 * 1024;
constexpr size_t kMaxSqlBytes = 32 * 1024;
constexpr int kMaxRows = 1000;
// The program keeps these limits itself; it is ended when it does not.
constexpr const char* kMemory = "256MiB";
constexpr const char* kSpill = "256MiB";
constexpr const char* kTime = "10s";
constexpr size_t kMaxOutputBytes = size_t{8} << 20;
constexpr std::chrono::seconds kMaxTime{15};
constexpr size_t kMaxAddressSpaceBytes = size_t{2} << 30;
// Exit codes of avocet-query.
constexpr int kUsageCode = 64;
constexpr int kLimitCode = 75;
constexpr int kNoMemoryCode = 134;  // SIGABRT

/// What it says of a mistake, without the word in front.
std::string MessageOf(std::string errors) {
  constexpr std::string_view kWord = "error: ";
  while (!errors.empty() && errors.back() == '\n') errors.pop_back();
  return errors.starts_with(kWord) ? errors.substr(kWord.size()) : errors;
}

HttpResponse QueryReply(const ApiContext& context, const HttpRequest& request,
                        const Caller& caller) {
  ApiBody body(request.body);
  const std::string sql = body.RequiredText("sql");
  if (sql.size() > kMaxSqlBytes) body.Fail("\"sql\" is too long");
  if (sql.find('\0') != std::string::npos) body.Fail("\"sql\" has a zero byte");
  if (const auto mistake = body.Mistake()) return *mistake;
  const auto program = FindQueryProgram();
  if (!program.ok()) return HttpResponse::Error(501, "no_program", program.status().message());
  const StorageConfig& storage = context.engine->config().storage;
  const auto begun = context.env->Monotonic();
  const auto lake = QueryLake::Open(storage, context.env);
  if (!lake.ok()) return HttpResponse::Error(500, "query_problem", lake.status().message());
  std::vector<std::string> words = lake->Arguments();
  // One row more than is shown says whether there are more.
  words.insert(words.end(), {"--catalog", storage.catalog, "--format", "csv", "--max-rows",
                             std::to_string(kMaxRows + 1), "--memory", kMemory, "--spill", kSpill,
                             "--timeout", kTime, "--threads", "1", "--", sql});
  const auto output = RunProgram(*program, words,
                                 {.output_bytes = kMaxOutputBytes,
                                  .time = kMaxTime,
                                  .address_space_bytes = kMaxAddressSpaceBytes,
                                  .is_unwanted = caller.has_gone});
  const std::chrono::duration<double> seconds = context.env->Monotonic() - begun;
  context.audit->Note(
      {.actor = caller.name,
       .remote = request.remote,
       .action = "query",
       .details = {{"seconds", fmt::format("{:.3f}", seconds.count())},
                   {"exit_code", std::to_string(output.ok() ? output->exit_code : -1)},
                   {"sql", sql}}});
  if (!output.ok()) {
    const bool beyond = output.status().code() == StatusCode::kCancelled;
    return HttpResponse::Error(beyond ? 422 : 500, beyond ? "limit" : "internal",
                               output.status().message());
  }
  if (output->exit_code == kUsageCode) {
    return HttpResponse::Error(400, "bad_sql", MessageOf(output->errors));
  }
  if (output->exit_code == kLimitCode) {
    return HttpResponse::Error(422, "limit", MessageOf(output->errors));
  }
  if (output->exit_code == kNoMemoryCode) {
    return HttpResponse::Error(422, "limit", "the query needs more memory than it may have");
  }
  if (output->exit_code != 0) {
    return HttpResponse::Error(500, "query_problem", MessageOf(output->errors));
  }
  JsonWriter json;
  json.BeginObject().Field("csv", output->output).Field("most_rows", kMaxRows);
  json.Field("seconds", seconds.count()).EndObject();
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

std::vector<ApiRoute> QueryRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {
      {.method = "POST",
       .path = "/api/v1/query",
       .handler = [context](const HttpRequest& request,
                            const Caller& caller) { return QueryReply(*context, request, caller); },
       .work = ApiWork::kQuery,
       .role = Role::kOperator,
       .changes = true,
       .max_body_bytes = kMaxBodyBytes}};
}

}  // namespace avocet
