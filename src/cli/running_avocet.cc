#include "src/cli/running_avocet.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>

#include "src/env/env.h"
#include "src/env/program.h"
#include "src/env/secret.h"
#include "src/env/signals.h"
#include "src/net/s3_client.h"
#include "src/net/web_client.h"

namespace avocet {
namespace {

constexpr char kDefaultUrl[] = "http://127.0.0.1:8080";
constexpr std::chrono::seconds kTimeout{10};
constexpr size_t kMaxReplyBytes = size_t{16} << 20;

/// What the server says is wrong.
std::string MessageOf(const WebReply& reply) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  std::string_view message;
  if (parser.parse(reply.body).get(element) == simdjson::SUCCESS &&
      element["error"]["message"].get_string().get(message) == simdjson::SUCCESS) {
    return std::string(message);
  }
  return fmt::format("it answered {}; is that an avocet?", reply.status);
}

Status ErrorOf(const std::string& url, const WebReply& reply) {
  const std::string message = url + ": " + MessageOf(reply);
  if (reply.status == 401 || reply.status == 403) {
    return Status::Permission(message + "; give a token with --token-file or AVOCET_TOKEN");
  }
  return reply.status == 400 ? Status::Usage(message) : Status::Unavailable(message);
}

}  // namespace

void AddRunningAvocetOptions(CLI::App* command, RunningAvocetArguments* arguments) {
  command->add_option(
      "--url", arguments->url,
      fmt::format("Where it serves its dashboard (default: $AVOCET_URL, else {})", kDefaultUrl));
  command->add_option("--token-file", arguments->token_file,
                      "File with the secret of an access token (default: $AVOCET_TOKEN)");
  command->add_option("--ca", arguments->ca_file, "Authorities that certify it, as PEM");
}

Result<RunningAvocet> RunningAvocet::Of(const RunningAvocetArguments& arguments) {
  RunningAvocet avocet;
  avocet.url_ = arguments.url;
  if (avocet.url_.empty()) avocet.url_ = EnvironmentVariable("AVOCET_URL").value_or(kDefaultUrl);
  if (avocet.url_.find("://") == std::string::npos) avocet.url_.insert(0, "http://");
  while (avocet.url_.ends_with('/')) avocet.url_.pop_back();
  avocet.ca_file_ = arguments.ca_file;
  AVOCET_ASSIGN_OR_RETURN(avocet.token_,
                          ReadSecret(Env::Posix(), EnvironmentVariable("AVOCET_TOKEN").value_or(""),
                                     arguments.token_file));
  return avocet;
}

Result<std::string> RunningAvocet::Send(
    std::string_view method, std::string_view name, const QueryParameters& query,
    const std::string& json, const std::function<bool(std::string_view)>& on_body) const {
  WebRequest request;
  request.method = method;
  request.url = url_ + "/api/v1/" + std::string(name);
  for (size_t i = 0; i < query.size(); ++i) {
    request.url += fmt::format("{}{}={}", i == 0 ? '?' : '&', query[i].first,
                               UrlEscaped(query[i].second, false));
  }
  request.headers = {"X-Avocet-Request: 1", "Content-Type: application/json"};
  if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
  request.body = json;
  request.timeout = kTimeout;
  request.allow_private = true;
  request.ca_file = ca_file_;
  request.max_reply_bytes = kMaxReplyBytes;
  request.on_body = on_body;
  request.is_unwanted = [] { return TerminationRequested().load(); };
  AVOCET_ASSIGN_OR_RETURN(WebReply reply, SendToWeb(request));
  if (reply.status / 100 != 2) return ErrorOf(url_, reply);
  return std::move(reply.body);
}

Result<std::string> RunningAvocet::Get(std::string_view name, const QueryParameters& query) const {
  return Send("GET", name, query, "", {});
}

Result<std::string> RunningAvocet::Post(std::string_view name, const std::string& json) const {
  return Send("POST", name, {}, json, {});
}

Status RunningAvocet::Stream(std::string_view name, const QueryParameters& query,
                             const std::function<bool(std::string_view)>& on_body) const {
  const auto ended = Send("GET", name, query, "", on_body);
  if (ended.ok()) return Status::Unavailable(url_ + " has ended the stream");
  return ended.status().code() == StatusCode::kCancelled ? Status::Ok() : ended.status();
}

}  // namespace avocet
