// IngestReply: how one protocol tells a client what became of the records of a request.
#pragma once

#include <cstdint>
#include <vector>

#include "src/net/http_message.h"
#include "src/source/push/idempotency_keys.h"
#include "src/source/push/record_judge.h"

namespace avocet {

/// What is known of the records of a request when those that are kept are durable.
struct IngestSummary {
  uint32_t accepted = 0;
  uint32_t kept = 0;  ///< in the journal: accepted, or to be quarantined
  std::vector<RecordVerdict> rejected;
  std::vector<uint64_t> lines;  ///< of the records in `rejected`; empty where there are none
};

/// One of the functions is called, once, from any thread.
class IngestReply {
 public:
  virtual ~IngestReply() = default;
  virtual void Taken(const IngestSummary& summary) = 0;
  /// The request had been taken before.
  virtual void Repeated(const IdempotencyKeys::Outcome& outcome) = 0;
  /// Nothing was taken. `error` says why, as HttpResponse::Error does.
  virtual void Refused(HttpResponse error) = 0;
};

}  // namespace avocet
