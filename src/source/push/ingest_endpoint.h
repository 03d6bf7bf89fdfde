// IngestEndpoint: takes the records of requests into the journal. The half of HttpSource that
// clients see, whichever protocol they speak.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/env/env.h"
#include "src/journal/journal.h"
#include "src/net/http_message.h"
#include "src/source/push/idempotency_keys.h"
#include "src/source/push/ingest_reply.h"
#include "src/source/push/ingest_request.h"
#include "src/source/push/push_entry.h"
#include "src/source/push/record_judge.h"

namespace avocet {

/// A request, whatever its protocol. Views must outlive the call that it is given to.
struct IngestRequest {
  std::string_view token_name;
  std::string_view device_prefix;
  std::string_view key;   ///< the same for every attempt to send it; empty: none
  std::string_view body;  ///< by which requests with the same key are told apart
  /// Sets the records, or the refusal and returns false.
  std::function<bool(int64_t now_us, IngestRecords* records, HttpResponse* refusal)> read;
};

/// Any thread may use it. Everything must outlive the last answer.
class IngestEndpoint {
 public:
  struct Parts {
    Env* env = nullptr;
    Journal* journal = nullptr;
    std::shared_ptr<IdempotencyKeys> keys;
    MakeRecordJudge make_judge;
  };

  explicit IngestEndpoint(Parts parts) : parts_(std::move(parts)) {}

  void Handle(const IngestRequest& request, std::unique_ptr<IngestReply> reply);

 private:
  class JudgeLease;

  bool Claim(const IngestRequest& request, PushLabel* label, IngestReply* reply);
  void Judge(const IngestRequest& request, const IngestRecords& records, int64_t now_us,
             std::vector<bool>* kept, IngestSummary* summary);
  void Store(IngestRecords records, const std::vector<bool>& kept, PushLabel label,
             IngestSummary summary, std::unique_ptr<IngestReply> reply);

  const Parts parts_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RecordJudge>> judges_;  // guarded by mutex_; not in use
};

}  // namespace avocet
