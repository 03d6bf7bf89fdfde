#include "src/sink/http_sink.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "src/net/web_client.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;

constexpr std::string_view kReadingsPath = "/api/v1/readings";

class HttpCarrier : public BatchCarrier {
 public:
  HttpCarrier(WebRequest request, std::string run)
      : request_(std::move(request)), run_(std::move(run)) {}

  Outcome Carry(RecordBatch* batch) override {
    WebRequest request = request_;
    request.headers.push_back(fmt::format("Idempotency-Key: {}-{}", run_, batch->number));
    request.body.reserve(batch->bytes);
    for (const std::string& line : batch->records) request.body += line;
    Outcome outcome;
    const auto reply = SendToWeb(request);
    if (!reply.ok()) {
      outcome.status = reply.status();
      return outcome;
    }
    Judge(*reply, batch->records.size(), &outcome);
    if (outcome.status.ok()) batch->records.clear();
    return outcome;
  }

 private:
  static void Judge(const WebReply& reply, size_t records, Outcome* outcome) {
    constexpr int kAllRejected = 422;
    const bool success = reply.status >= 200 && reply.status < 300;
    if (success || reply.status == kAllRejected) return CountVerdicts(reply, records, outcome);
    const std::string text = fmt::format("the server answers {}: {}", reply.status,
                                         std::string_view(reply.body).substr(0, 200));
    const bool later = reply.status == 408 || reply.status == 429 || reply.status >= 500;
    if (!later) {
      const bool rights = reply.status == 401 || reply.status == 403;
      outcome->status = rights ? Status::Permission(text) : Status::Invalid(text);
      return;
    }
    outcome->status = Status::Unavailable(text);
    constexpr std::chrono::seconds kLongestPause{300};
    if (const auto wait = RetryAfter(reply)) outcome->pause = std::min(*wait, kLongestPause);
  }

  // Whoever says nothing of single records has taken them all.
  static void CountVerdicts(const WebReply& reply, size_t records, Outcome* outcome) {
    simdjson::dom::parser parser;
    simdjson::dom::object answer;
    uint64_t rejected = reply.status < 300 ? 0 : records;
    std::string_view code, message;
    outcome->rejection = reply.body.substr(0, 200);
    if (parser.parse(reply.body).get_object().get(answer) == SUCCESS &&
        answer["rejected"].get_uint64().get(rejected) == SUCCESS &&
        answer["errors"].at(0)["code"].get_string().get(code) == SUCCESS &&
        answer["errors"].at(0)["message"].get_string().get(message) == SUCCESS) {
      outcome->rejection = fmt::format("{}: {}", code, message);
    }
    outcome->rejected = std::min<uint64_t>(rejected, records);
    outcome->acknowledged = records - outcome->rejected;
  }

  const WebRequest request_;
  const std::string run_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeHttpSink(const std::string& url, SinkSettings settings,
                                           Env* env) {
  WebRequest request;
  request.url = url;
  const size_t host = url.find("://") + 3;
  const size_t path = url.find('/', host);
  if (path == std::string::npos || path + 1 == url.size()) {
    request.url = url.substr(0, path).append(kReadingsPath);
  }
  request.headers = {"Content-Type: application/x-ndjson"};
  request.allow_private = true;
  request.timeout = std::chrono::seconds(30);
  request.ca_file = settings.Text("ca_file");
  const std::string token = settings.Secret("token_file", env);
  if (!token.empty()) request.headers.push_back("Authorization: Bearer " + token);
  BatchLimits limits;
  limits.records = settings.Count("batch", limits.records);
  limits.patience = settings.Time("patience", limits.patience);
  AVOCET_RETURN_IF_ERROR(settings.Finish("http"));
  auto carrier =
      std::make_unique<HttpCarrier>(std::move(request), fmt::format("{:016x}", env->Random64()));
  return std::unique_ptr<Sink>(std::make_unique<BatchSink>(std::move(carrier), limits, env));
}

}  // namespace avocet
