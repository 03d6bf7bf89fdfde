#include "src/lambda/runtime_api.h"

#include <charconv>
#include <utility>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

std::string ErrorJson(const Status& why) {
  JsonWriter json;
  json.BeginObject().Field("errorMessage", why.message()).Field("errorType", "Avocet.Failed");
  return json.EndObject().Take();
}

std::string HeaderOf(const AwsAnswer& answer, const std::string& name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? std::string() : found->second;
}

}  // namespace

RuntimeApi::RuntimeApi(std::shared_ptr<AwsTransport> transport, const std::string& address)
    : transport_(std::move(transport)), base_("http://" + address + "/2018-06-01/runtime/") {}

Result<Invocation> RuntimeApi::Next() {
  AwsRequest request;
  request.method = "GET";
  request.url = base_ + "invocation/next";
  AVOCET_ASSIGN_OR_RETURN(AwsAnswer answer, transport_->Send(request));
  if (answer.status != 200) {
    return Status::Unavailable("the runtime API answers with HTTP " +
                               std::to_string(answer.status));
  }
  Invocation invocation;
  invocation.request_id = HeaderOf(answer, "lambda-runtime-aws-request-id");
  const std::string deadline = HeaderOf(answer, "lambda-runtime-deadline-ms");
  std::from_chars(deadline.data(), deadline.data() + deadline.size(), invocation.deadline_ms);
  invocation.event = std::move(answer.body);
  return invocation;
}

Status RuntimeApi::Post(const std::string& path, const std::string& body) {
  AwsRequest request;
  request.url = base_ + path;
  request.body = body;
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  if (answer.status < 300) return Status::Ok();
  return Status::Unavailable("the runtime API answers with HTTP " + std::to_string(answer.status));
}

Status RuntimeApi::Answer(const std::string& request_id, const std::string& answer) {
  return Post("invocation/" + request_id + "/response", answer);
}

Status RuntimeApi::Fail(const std::string& request_id, const Status& why) {
  return Post("invocation/" + request_id + "/error", ErrorJson(why));
}

Status RuntimeApi::FailToBegin(const Status& why) { return Post("init/error", ErrorJson(why)); }

}  // namespace avocet
