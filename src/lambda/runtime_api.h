// RuntimeApi: the conversation of a custom runtime with AWS Lambda.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/net/aws_transport.h"

namespace avocet {

struct Invocation {
  std::string request_id;
  int64_t deadline_ms = 0;  ///< since 1970
  std::string event;
};

/// The Runtime API of 2018-06-01, over plain HTTP. Owned by one thread.
class RuntimeApi {
 public:
  /// `address`: AWS_LAMBDA_RUNTIME_API, host and port. `transport` must be ready to wait for days:
  /// Next returns when there is an event, whenever that is.
  RuntimeApi(std::shared_ptr<AwsTransport> transport, const std::string& address);

  Result<Invocation> Next();
  Status Answer(const std::string& request_id, const std::string& answer);
  /// The invocation has failed, and Lambda's own retries take over.
  Status Fail(const std::string& request_id, const Status& why);
  /// The function cannot begin at all.
  Status FailToBegin(const Status& why);

 private:
  Status Post(const std::string& path, const std::string& body);

  const std::shared_ptr<AwsTransport> transport_;
  const std::string base_;
};

}  // namespace avocet
