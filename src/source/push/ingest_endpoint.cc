#include "src/source/push/ingest_endpoint.h"

#include <algorithm>
#include <utility>

#include "src/base/hash.h"

namespace avocet {
namespace {

constexpr size_t kMostKeyBytes = 255;
// When to come back: the disk is slower than the clients, or bronze has to catch up.
constexpr int kBusySeconds = 1;
constexpr int kFullSeconds = 10;
constexpr std::string_view kUnreadableLine = "invalid_line_protocol";

bool IsKey(std::string_view key) {
  return key.size() <= kMostKeyBytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

HttpResponse NotStored(const Status& status) {
  switch (status.code()) {
    case StatusCode::kUnavailable:
      return HttpResponse::Busy(429, "busy", status.message(), kBusySeconds);
    case StatusCode::kInvalid:
      return HttpResponse::Error(413, "body_too_large", status.message());
    case StatusCode::kCancelled:
      return HttpResponse::Busy(503, "stopping", "avocet is stopping", kFullSeconds);
    default:
      return HttpResponse::Busy(503, "not_durable", status.message(), kFullSeconds);
  }
}

}  // namespace

// A judge for the time of one request. There are as many as requests have been judged at once.
class IngestEndpoint::JudgeLease {
 public:
  explicit JudgeLease(IngestEndpoint* endpoint) : endpoint_(*endpoint) {
    {
      std::lock_guard lock(endpoint_.mutex_);
      if (!endpoint_.judges_.empty()) {
        judge_ = std::move(endpoint_.judges_.back());
        endpoint_.judges_.pop_back();
      }
    }
    if (judge_ == nullptr) judge_ = endpoint_.parts_.make_judge();
  }
  JudgeLease(const JudgeLease&) = delete;
  JudgeLease& operator=(const JudgeLease&) = delete;
  ~JudgeLease() {
    std::lock_guard lock(endpoint_.mutex_);
    endpoint_.judges_.push_back(std::move(judge_));
  }
  RecordJudge* operator->() const { return judge_.get(); }

 private:
  IngestEndpoint& endpoint_;
  std::unique_ptr<RecordJudge> judge_;
};

// Makes the request's key its own. False: the client has been answered.
bool IngestEndpoint::Claim(const IngestRequest& request, PushLabel* label, IngestReply* reply) {
  if (request.key.empty()) return true;
  if (!IsKey(request.key)) {
    reply->Refused(HttpResponse::Error(
        400, "bad_idempotency_key", "an Idempotency-Key has at most 255 visible ASCII characters"));
    return false;
  }
  label->key = IdempotencyKeys::Name(request.token_name, request.key);
  label->body_hash = Hash64(request.body);
  IdempotencyKeys::Outcome outcome;
  switch (parts_.keys->Begin(label->key, label->received_us, &outcome)) {
    case IdempotencyKeys::State::kNew:
      return true;
    case IdempotencyKeys::State::kRunning:
      reply->Refused(HttpResponse::Busy(409, "idempotency_key_running",
                                        "a request with this Idempotency-Key is being answered",
                                        kBusySeconds));
      return false;
    case IdempotencyKeys::State::kTaken:
      break;
  }
  if (outcome.body_hash != label->body_hash) {
    reply->Refused(HttpResponse::Error(422, "idempotency_key_reused",
                                       "this Idempotency-Key was sent with another body"));
  } else {
    reply->Repeated(outcome);
  }
  return false;
}

void IngestEndpoint::Handle(const IngestRequest& request, std::unique_ptr<IngestReply> reply) {
  PushLabel label;
  const int64_t now_us = parts_.env->NowMicros();
  label.received_us = now_us;
  if (!Claim(request, &label, reply.get())) return;
  IngestRecords records;
  HttpResponse refusal;
  if (!request.read(now_us, &records, &refusal)) {
    if (!label.key.empty()) parts_.keys->Forget(label.key);
    reply->Refused(std::move(refusal));
    return;
  }
  std::vector<bool> kept(records.batch.records.size(), true);
  IngestSummary summary;
  Judge(request, records, now_us, &kept, &summary);
  Store(std::move(records), kept, std::move(label), std::move(summary), std::move(reply));
}

void IngestEndpoint::Judge(const IngestRequest& request, const IngestRecords& records,
                           int64_t now_us, std::vector<bool>* kept, IngestSummary* summary) {
  std::vector<RecordVerdict>& rejected = summary->rejected;
  JudgeLease judge(this);
  judge->Judge(records.batch, now_us, request.device_prefix, &rejected);
  size_t next_unreadable = 0;
  for (RecordVerdict& verdict : rejected) {
    // Decoding only sees that such a line is not JSON.
    const auto& unreadable = records.unreadable;
    while (next_unreadable < unreadable.size() &&
           unreadable[next_unreadable].record < verdict.record) {
      ++next_unreadable;
    }
    if (next_unreadable < unreadable.size() &&
        unreadable[next_unreadable].record == verdict.record) {
      verdict.code = kUnreadableLine;
      verdict.message = unreadable[next_unreadable].message;
      verdict.position = -1;
    }
    if (verdict.code == kDeviceForbidden) (*kept)[verdict.record] = false;
    if (!records.lines.empty()) summary->lines.push_back(records.lines[verdict.record]);
  }
  summary->accepted = static_cast<uint32_t>(records.batch.records.size() - rejected.size());
  summary->kept = static_cast<uint32_t>(std::count(kept->begin(), kept->end(), true));
}

void IngestEndpoint::Store(IngestRecords records, const std::vector<bool>& kept, PushLabel label,
                           IngestSummary summary, std::unique_ptr<IngestReply> reply) {
  const IdempotencyKeys::Outcome outcome{label.body_hash, summary.accepted,
                                         static_cast<uint32_t>(summary.rejected.size()),
                                         label.received_us};
  if (summary.kept == 0) {
    if (!label.key.empty()) parts_.keys->Forget(label.key);
    reply->Taken(summary);
    return;
  }
  label.format = records.batch.format;
  label.csv_header = records.batch.csv_header;
  label.csv_delimiter = records.batch.csv_delimiter;
  label.accepted = outcome.accepted;
  label.rejected = outcome.rejected;
  const std::string text = EncodePushLabel(label);
  const std::string payload = EncodePushPayload(records.batch, kept);
  records = {};
  // std::function copies, and a reply cannot be copied.
  struct Waiting {
    std::unique_ptr<IngestReply> reply;
    IngestSummary summary;
    std::string key;
    IdempotencyKeys::Outcome outcome;
    std::shared_ptr<IdempotencyKeys> keys;
  };
  const uint32_t num_kept = summary.kept;
  auto waiting = std::make_shared<Waiting>(
      Waiting{std::move(reply), std::move(summary), label.key, outcome, parts_.keys});
  const Status taken =
      parts_.journal->Append({text, payload, num_kept}, [waiting](const Result<uint64_t>& first) {
        if (!waiting->key.empty() && first.ok()) {
          waiting->keys->Finish(waiting->key, waiting->outcome);
        } else if (!waiting->key.empty()) {
          waiting->keys->Forget(waiting->key);
        }
        if (first.ok()) {
          waiting->reply->Taken(waiting->summary);
        } else {
          waiting->reply->Refused(NotStored(first.status()));
        }
      });
  if (taken.ok()) return;
  if (!waiting->key.empty()) parts_.keys->Forget(waiting->key);
  waiting->reply->Refused(NotStored(taken));
}

}  // namespace avocet
