// FirehoseEndpoint: takes what Amazon Data Firehose delivers to an HTTP endpoint, as its "HTTP
// endpoint delivery request and response specifications" 1.0 say: base64 records in a JSON envelope
// that is sent again, with the same request identifier, until it is answered with 200.
#pragma once

#include <memory>
#include <utility>

#include "src/env/env.h"
#include "src/net/bearer_tokens.h"
#include "src/net/http_message.h"
#include "src/net/http_reply.h"
#include "src/source/push/ingest_endpoint.h"

namespace avocet {

/// Any thread may use it. Everything must outlive the last answer.
class FirehoseEndpoint {
 public:
  struct Parts {
    Env* env = nullptr;
    IngestEndpoint* records = nullptr;
    IngestLimits limits;
    /// The secrets that X-Amz-Firehose-Access-Key may have; null: everybody may send.
    std::shared_ptr<const BearerTokens> tokens;
  };

  explicit FirehoseEndpoint(Parts parts) : parts_(std::move(parts)) {}

  void Handle(const HttpRequest& request, HttpReply reply);

 private:
  const Parts parts_;
};

}  // namespace avocet
