// ReadingsEndpoint: answers POST /api/v1/readings. The half of HttpSource that clients see.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/env/env.h"
#include "src/journal/journal.h"
#include "src/net/http_message.h"
#include "src/net/http_reply.h"
#include "src/source/idempotency_keys.h"
#include "src/source/ingest_request.h"
#include "src/source/push_entry.h"
#include "src/source/record_judge.h"

namespace avocet {

/// Any thread may use it. Everything must outlive the last answer.
class ReadingsEndpoint {
 public:
  struct Parts {
    Env* env = nullptr;
    Journal* journal = nullptr;
    std::shared_ptr<IdempotencyKeys> keys;
    MakeRecordJudge make_judge;
    IngestLimits limits;
    LineProtocolFields line_protocol;
  };

  explicit ReadingsEndpoint(Parts parts) : parts_(std::move(parts)) {}

  void Handle(const HttpRequest& request, HttpReply reply);

 private:
  class JudgeLease;
  /// What the client is told when the records are durable.
  struct Summary {
    uint32_t accepted = 0;
    std::vector<RecordVerdict> rejected;
    std::vector<uint64_t> lines;  // of the records in `rejected`
  };

  static HttpResponse Answer(const Summary& summary);
  static HttpResponse Repeated(const IdempotencyKeys::Outcome& outcome);
  void Judge(const HttpRequest& request, const IngestRecords& records, int64_t now_us,
             std::vector<bool>* kept, Summary* summary);
  void Store(IngestRecords records, const std::vector<bool>& kept, PushLabel label, Summary summary,
             HttpReply reply);

  const Parts parts_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RecordJudge>> judges_;  // guarded by mutex_; not in use
};

}  // namespace avocet
