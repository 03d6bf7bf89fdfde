// AwsTransport over the C interface of rust/aws.
#include <simdjson.h>

#include <utility>

#include "avocet_aws.h"
#include "src/base/json_writer.h"
#include "src/net/aws_transport.h"

namespace avocet {
namespace {

/// Bytes owned by the bridge, freed once.
class BridgeBytes {
 public:
  BridgeBytes() = default;
  ~BridgeBytes() { aw_bytes_free(&bytes_); }
  BridgeBytes(const BridgeBytes&) = delete;
  BridgeBytes& operator=(const BridgeBytes&) = delete;
  AwBytes* get() { return &bytes_; }
  std::string Text() const {
    return bytes_.data == nullptr
               ? std::string()
               : std::string(reinterpret_cast<const char*>(bytes_.data), bytes_.len);
  }

 private:
  AwBytes bytes_{nullptr, 0, 0};
};

Status FromBridge(AwCode code, const BridgeBytes& error) {
  switch (code) {
    case AW_OK:
      return Status::Ok();
    case AW_INVALID:
      return Status::Config(error.Text());
    case AW_PERMISSION:
      return Status::Permission(error.Text());
    case AW_UNAVAILABLE:
      return Status::Unavailable(error.Text());
    case AW_CANCELLED:
      return Status::Cancelled(error.Text());
    case AW_INTERNAL:
      return Status::Internal(error.Text());
  }
  return Status::Internal("the AWS bridge answered with an unknown code");
}

std::string OptionsJson(const AwsOptions& options, const std::string& ca_pem) {
  JsonWriter json;
  json.BeginObject().Field("timeout_ms", int64_t{options.timeout.count()});
  if (!options.region.empty()) json.Field("region", options.region);
  if (!options.profile.empty()) json.Field("profile", options.profile);
  if (!options.role_arn.empty()) json.Field("role_arn", options.role_arn);
  if (!ca_pem.empty()) json.Field("ca_pem", ca_pem);
  return json.EndObject().Take();
}

std::string HeadersJson(const std::map<std::string, std::string>& headers) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, value] : headers) json.Field(name, value);
  return json.EndObject().Take();
}

Status ReadHeaders(const std::string& json, std::map<std::string, std::string>* headers) {
  simdjson::dom::parser parser;
  simdjson::dom::object members;
  if (parser.parse(json).get_object().get(members) != simdjson::SUCCESS) {
    return Status::Internal("cannot read the headers from the AWS bridge: " + json);
  }
  for (const auto [name, value] : members) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) (*headers)[std::string(name)] = text;
  }
  return Status::Ok();
}

class BridgeTransport : public AwsTransport {
 public:
  explicit BridgeTransport(AwClient* client) : client_(client) {}
  BridgeTransport(const BridgeTransport&) = delete;
  BridgeTransport& operator=(const BridgeTransport&) = delete;
  ~BridgeTransport() override { aw_client_free(client_); }

  Result<AwsAnswer> Send(const AwsRequest& request) override {
    const std::string headers = HeadersJson(request.headers);
    const AwRequest call = {request.service.c_str(),
                            request.method.c_str(),
                            request.url.c_str(),
                            headers.c_str(),
                            reinterpret_cast<const uint8_t*>(request.body.data()),
                            request.body.size(),
                            request.most_answer_bytes};
    BridgeBytes answer_headers, body, error;
    AwsAnswer answer;
    const AwCode code =
        aw_send(client_, &call, &answer.status, answer_headers.get(), body.get(), error.get());
    AVOCET_RETURN_IF_ERROR(FromBridge(code, error));
    AVOCET_RETURN_IF_ERROR(ReadHeaders(answer_headers.Text(), &answer.headers));
    answer.body = body.Text();
    return answer;
  }
  void Cancel() override { aw_client_cancel(client_); }
  std::string region() const override { return aw_client_region(client_); }

 private:
  AwClient* const client_;
};

}  // namespace

bool HasAws() { return true; }

Result<std::unique_ptr<AwsTransport>> AwsTransport::Open(const AwsOptions& options, Env* env) {
  std::string ca_pem;
  if (!options.ca_file.empty()) {
    AVOCET_ASSIGN_OR_RETURN(ca_pem, env->ReadFile(options.ca_file));
  }
  BridgeBytes error;
  AwClient* client = nullptr;
  const AwCode code = aw_client_open(OptionsJson(options, ca_pem).c_str(), &client, error.get());
  AVOCET_RETURN_IF_ERROR(FromBridge(code, error));
  return std::unique_ptr<AwsTransport>(new BridgeTransport(client));
}

}  // namespace avocet
