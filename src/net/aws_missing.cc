// AwsTransport of a build without rust/aws.
#include "src/net/aws_transport.h"

namespace avocet {

bool HasAws() { return false; }

Result<std::unique_ptr<AwsTransport>> AwsTransport::Open(const AwsOptions&, Env*) {
  return Status::Unsupported(
      "this avocet was built without AWS; `make aws` builds one that has it");
}

}  // namespace avocet
