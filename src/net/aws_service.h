// AwsService: the address of an AWS service, its errors, and calls of those that speak JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/net/aws_transport.h"

namespace avocet {

/// "https://kinesis.eu-west-1.amazonaws.com"; other partitions have other domains.
std::string AwsEndpoint(std::string_view service, std::string_view region);

/// What an answer that is no success means for the caller: kUnavailable (try again later, also when
/// throttled), kPermission, kNotFound, kAlreadyExists, kConflict (a condition does not hold, or an
/// iterator or token has expired), kUnsupported (by this server) or kInvalid. Ok for 2xx. The
/// message begins with the service's own name for the error.
Status StatusOfAnswer(const AwsAnswer& answer);

/// A service of one POST per action, such as Kinesis, DynamoDB, SQS and Firehose. Calls block, and
/// may come from any thread.
class AwsJsonService {
 public:
  struct Protocol {
    std::string service;        ///< "kinesis"
    std::string target_prefix;  ///< "Kinesis_20131202"
    std::string json_version;   ///< "1.1"
  };

  /// Empty `endpoint`: that of the transport's region.
  AwsJsonService(std::shared_ptr<AwsTransport> transport, Protocol protocol,
                 const std::string& endpoint);

  /// The answer of `action`, JSON. Errors as StatusOfAnswer and AwsTransport::Send say.
  Result<std::string> Call(const std::string& action, std::string_view request) const;

  void Cancel() { transport_->Cancel(); }

 private:
  const std::shared_ptr<AwsTransport> transport_;
  const Protocol protocol_;
  const std::string url_;
};

}  // namespace avocet
