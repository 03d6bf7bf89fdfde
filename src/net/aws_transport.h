// AwsTransport: signed HTTP requests to AWS services. Tests have one in memory.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/aws_options.h"

namespace avocet {

struct AwsRequest {
  std::string service;  ///< its name in signatures, as in "kinesis"; empty: it is not signed
  std::string method = "POST";
  std::string url;  ///< escaped, its query in order
  std::map<std::string, std::string> headers;
  std::string_view body;
  size_t most_answer_bytes = size_t{64} << 20;  ///< a longer answer is kUnavailable
};

struct AwsAnswer {
  int status = 0;                              ///< of HTTP
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// Whether this build can talk to AWS at all.
bool HasAws();

/// Calls block, and may come from any thread, several at once. Nothing is tried again here.
class AwsTransport {
 public:
  /// The real one. kConfig without a region; errors of reading the file of authorities;
  /// kUnsupported in a build without AWS. Asks no service, but may ask the machine for its region.
  static Result<std::unique_ptr<AwsTransport>> Open(const AwsOptions& options, Env* env);
  virtual ~AwsTransport() = default;

  /// Any HTTP status is Ok. kUnavailable: no connection, or no complete answer in time;
  /// kPermission: no credentials; kCancelled; kInternal.
  virtual Result<AwsAnswer> Send(const AwsRequest& request) = 0;
  /// Requests under way and later ones return kCancelled.
  virtual void Cancel() = 0;
  virtual std::string region() const = 0;
};

}  // namespace avocet
