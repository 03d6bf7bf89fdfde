#include "src/source/push/firehose_endpoint.h"

#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/base64.h"
#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr const char* kIdHeader = "X-Amz-Firehose-Request-Id";
constexpr const char* kKeyHeader = "X-Amz-Firehose-Access-Key";

// Every answer names the request and the time; all but 200 make Firehose try again, then put the
// request into its bucket for what could not be delivered.
class FirehoseReply : public IngestReply {
 public:
  FirehoseReply(Env* env, std::string id, HttpReply reply)
      : env_(env), id_(std::move(id)), reply_(std::move(reply)) {}

  void Taken(const IngestSummary& summary) override {
    const size_t refused = summary.accepted + summary.rejected.size() - summary.kept;
    if (refused > 0) {
      spdlog::warn(
          "{} records of Firehose request {} are of devices that its access key is not for",
          refused, id_);
    }
    if (refused > 0 && summary.kept == 0) {
      Send(HttpResponse::Error(403, kDeviceForbidden,
                               "the access key is not for the devices of these records"));
    } else {
      Send({});
    }
  }
  void Repeated(const IdempotencyKeys::Outcome&) override { Send({}); }
  void Refused(HttpResponse error) override { Send(std::move(error)); }

 private:
  void Send(HttpResponse response) {
    JsonWriter json;
    json.BeginObject().Field("requestId", id_);
    json.Field("timestamp", env_->NowMicros() / 1000);
    if (response.status != 200) json.Field("errorMessage", MessageOf(response.body));
    response.body = json.EndObject().Take();
    reply_.Send(std::move(response));
  }

  static std::string MessageOf(const std::string& error) {
    simdjson::dom::parser parser;
    std::string_view message;
    if (parser.parse(error).at_pointer("/error/message").get(message) != simdjson::SUCCESS) {
      message = "the request cannot be taken";
    }
    return std::string(message);
  }

  Env* const env_;
  const std::string id_;
  HttpReply reply_;
};

HttpResponse BadEnvelope(std::string_view why) {
  return HttpResponse::Error(400, "bad_firehose_request", why);
}

// Appends the decoded data of every record to `*bytes`, and where each ends to `*ends`.
bool ReadEnvelope(const SharedBytes& envelope, std::string* bytes, std::vector<size_t>* ends,
                  HttpResponse* refusal) {
  simdjson::dom::parser parser;
  simdjson::dom::array records;
  if (envelope.size == 0 ||
      parser.parse(envelope.data.get(), envelope.size)["records"].get_array().get(records) !=
          simdjson::SUCCESS) {
    *refusal = BadEnvelope("the body is not {\"requestId\": ..., \"records\": [{\"data\": ...}]}");
    return false;
  }
  for (const simdjson::dom::element record : records) {
    std::string_view data;
    if (record["data"].get(data) != simdjson::SUCCESS || !AppendFromBase64(data, bytes)) {
      *refusal = BadEnvelope("record " + std::to_string(ends->size() + 1) +
                             " has no data, or data that is not base64");
      return false;
    }
    ends->push_back(bytes->size());
  }
  return true;
}

// Records are split one by one, so that a broken one does not reach into the next.
bool ReadRecords(const HttpRequest& request, const IngestLimits& limits, IngestRecords* records,
                 HttpResponse* refusal) {
  std::shared_ptr<SharedBytes> envelope;
  if (!DecodeBody(request, limits.max_decompressed_bytes, &envelope, refusal)) return false;
  std::string decoded;
  std::vector<size_t> ends;
  if (!ReadEnvelope(*envelope, &decoded, &ends, refusal)) return false;
  auto bytes = SharedBytes::Allocate(decoded.size());
  if (!decoded.empty()) std::memcpy(bytes->data.get(), decoded.data(), decoded.size());
  bytes->size = decoded.size();
  records->batch.bytes = std::move(bytes);
  size_t begin = 0;
  for (const size_t end : ends) {
    if (!SplitBody(limits, IngestFormat::kJson, begin, end, records, refusal)) return false;
    begin = end;
  }
  int64_t index = 0;
  for (RawRecord& record : records->batch.records) record.offset = index++;
  return true;
}

}  // namespace

void FirehoseEndpoint::Handle(const HttpRequest& request, HttpReply reply) {
  const std::string_view id = request.Header(kIdHeader);
  auto answer = std::make_unique<FirehoseReply>(parts_.env, std::string(id), std::move(reply));
  const BearerToken everybody;
  const BearerToken* sender = &everybody;
  if (parts_.tokens != nullptr) {
    sender = parts_.tokens->Find("Bearer " + std::string(request.Header(kKeyHeader)));
    if (sender == nullptr) {
      answer->Refused(HttpResponse::Error(
          401, "unauthorized", std::string(kKeyHeader) + " is not the secret of a known token"));
      return;
    }
  }
  if (id.empty()) {
    answer->Refused(BadEnvelope(std::string("there is no ") + kIdHeader));
    return;
  }
  parts_.records->Handle({.token_name = sender->name,
                          .device_prefix = sender->device_prefix,
                          .key = id,
                          .body = id,  // the same records may be compressed anew
                          .read =
                              [&](int64_t, IngestRecords* records, HttpResponse* refusal) {
                                return ReadRecords(request, parts_.limits, records, refusal);
                              }},
                         std::move(answer));
}

}  // namespace avocet
