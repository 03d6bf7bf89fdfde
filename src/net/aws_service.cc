#include "src/net/aws_service.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

#include "src/net/xml_text.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;

struct NamedError {
  std::string_view name;
  StatusCode code;
};

// Errors whose HTTP status does not say what they mean.
constexpr std::array kNamedErrors = {
    NamedError{"AccessDeniedException", StatusCode::kPermission},
    NamedError{"ConditionalCheckFailedException", StatusCode::kConflict},
    NamedError{"ConditionalRequestConflict", StatusCode::kUnavailable},
    NamedError{"ExpiredIteratorException", StatusCode::kConflict},
    NamedError{"ExpiredNextTokenException", StatusCode::kConflict},
    NamedError{"ExpiredToken", StatusCode::kPermission},
    NamedError{"ExpiredTokenException", StatusCode::kPermission},
    NamedError{"IncompleteSignatureException", StatusCode::kPermission},
    NamedError{"InternalFailure", StatusCode::kUnavailable},
    NamedError{"InvalidSignatureException", StatusCode::kPermission},
    NamedError{"KMSAccessDeniedException", StatusCode::kPermission},
    NamedError{"KMSThrottlingException", StatusCode::kUnavailable},
    NamedError{"LimitExceededException", StatusCode::kUnavailable},
    NamedError{"MissingAuthenticationTokenException", StatusCode::kPermission},
    NamedError{"OperationAborted", StatusCode::kUnavailable},
    NamedError{"PermanentRedirect", StatusCode::kInvalid},
    NamedError{"ProvisionedThroughputExceededException", StatusCode::kUnavailable},
    NamedError{"QueueDoesNotExist", StatusCode::kNotFound},
    NamedError{"RequestThrottled", StatusCode::kUnavailable},
    NamedError{"RequestTimeout", StatusCode::kUnavailable},
    NamedError{"ResourceInUseException", StatusCode::kAlreadyExists},
    NamedError{"ResourceNotFoundException", StatusCode::kNotFound},
    NamedError{"SlowDown", StatusCode::kUnavailable},
    NamedError{"Throttling", StatusCode::kUnavailable},
    NamedError{"ThrottlingException", StatusCode::kUnavailable},
    NamedError{"UnrecognizedClientException", StatusCode::kPermission},
};

struct Advice {
  std::string_view name;  // what the name of the error begins with
  const char* text;
};

// What to do about errors that people have to mend.
constexpr const char* kRenew =
    "; renew the credentials: avocet reads those of files and roles again by itself";
constexpr const char* kCheckKey = "; check the access key and its secret";
constexpr std::array kAdvice = {
    Advice{"ExpiredToken", kRenew},
    Advice{"InvalidAccessKeyId", kCheckKey},
    Advice{"InvalidSignature", kCheckKey},
    Advice{"RequestTimeTooSkewed", "; set the clock of this machine"},
    Advice{"SignatureDoesNotMatch", kCheckKey},
    Advice{"UnrecognizedClient", kCheckKey},
};

StatusCode CodeOf(std::string_view name, int http_status) {
  const auto named = std::find_if(kNamedErrors.begin(), kNamedErrors.end(),
                                  [&](const NamedError& error) { return error.name == name; });
  if (named != kNamedErrors.end()) return named->code;
  switch (http_status) {
    case 401:
    case 403:
      return StatusCode::kPermission;
    case 404:
      return StatusCode::kNotFound;
    case 409:
    case 412:
      return StatusCode::kConflict;
    case 408:
    case 429:
      return StatusCode::kUnavailable;
    case 501:
      return StatusCode::kUnsupported;
    default:
      return http_status >= 400 && http_status < 500 ? StatusCode::kInvalid
                                                     : StatusCode::kUnavailable;
  }
}

void ReadJsonError(const std::string& body, std::string* name, std::string* message) {
  simdjson::dom::parser parser;
  simdjson::dom::element error;
  std::string_view text;
  if (parser.parse(body).get(error) != SUCCESS) return;
  if (error["__type"].get_string().get(text) == SUCCESS) {
    // Some services write a namespace before the name.
    *name = text.substr(text.rfind('#') + 1);
  }
  for (const char* key : {"message", "Message"}) {
    if (error[key].get_string().get(text) == SUCCESS) *message = text;
  }
}

}  // namespace

std::string AwsEndpoint(std::string_view service, std::string_view region) {
  std::string_view domain = "amazonaws.com";
  if (region.starts_with("cn-")) domain = "amazonaws.com.cn";
  if (region.starts_with("us-iso-")) domain = "c2s.ic.gov";
  if (region.starts_with("us-isob-")) domain = "sc2s.sgov.gov";
  std::string url = "https://";
  url.append(service).append(".").append(region).append(".").append(domain);
  return url;
}

Status StatusOfAnswer(const AwsAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return Status::Ok();
  std::string name, message;
  if (answer.body.starts_with('<')) {
    name = XmlText(answer.body, "Code");
    message = XmlUnescaped(XmlText(answer.body, "Message"));
  } else {
    ReadJsonError(answer.body, &name, &message);
  }
  const StatusCode code = CodeOf(name, answer.status);
  std::string text = name.empty() ? "HTTP " + std::to_string(answer.status) : name;
  if (!message.empty()) text += ": " + message;
  for (const Advice& advice : kAdvice) {
    if (name.starts_with(advice.name)) text += advice.text;
  }
  return {code, std::move(text)};
}

AwsJsonService::AwsJsonService(std::shared_ptr<AwsTransport> transport, Protocol protocol,
                               const std::string& endpoint)
    : transport_(std::move(transport)),
      protocol_(std::move(protocol)),
      url_((endpoint.empty() ? AwsEndpoint(protocol_.service, transport_->region()) : endpoint) +
           (endpoint.ends_with('/') ? "" : "/")) {}

Result<std::string> AwsJsonService::Call(const std::string& action,
                                         std::string_view request) const {
  AwsRequest call;
  call.service = protocol_.service;
  call.url = url_;
  call.headers = {{"content-type", "application/x-amz-json-" + protocol_.json_version},
                  {"x-amz-target", protocol_.target_prefix + "." + action}};
  call.body = request;
  AVOCET_ASSIGN_OR_RETURN(AwsAnswer answer, transport_->Send(call));
  AVOCET_RETURN_IF_ERROR(StatusOfAnswer(answer));
  return std::move(answer.body);
}

}  // namespace avocet
