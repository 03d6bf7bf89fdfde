#include "src/source/readings_endpoint.h"

#include <algorithm>
#include <utility>

#include "src/base/hash.h"
#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr size_t kMostVerdicts = 100;
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
class ReadingsEndpoint::JudgeLease {
 public:
  explicit JudgeLease(ReadingsEndpoint* endpoint) : endpoint_(*endpoint) {
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
  ReadingsEndpoint& endpoint_;
  std::unique_ptr<RecordJudge> judge_;
};

void ReadingsEndpoint::Handle(const HttpRequest& request, HttpReply reply) {
  const int64_t now_us = parts_.env->NowMicros();
  PushLabel label;
  label.received_us = now_us;
  if (const std::string_view key = request.Header("Idempotency-Key"); !key.empty()) {
    if (!IsKey(key)) {
      reply.Send(
          HttpResponse::Error(400, "bad_idempotency_key",
                              "an Idempotency-Key has at most 255 visible ASCII characters"));
      return;
    }
    label.key = IdempotencyKeys::Name(request.token_name, key);
    label.body_hash = Hash64(request.body);
    IdempotencyKeys::Outcome outcome;
    switch (parts_.keys->Begin(label.key, now_us, &outcome)) {
      case IdempotencyKeys::State::kNew:
        break;
      case IdempotencyKeys::State::kRunning:
        reply.Send(HttpResponse::Busy(409, "idempotency_key_running",
                                      "a request with this Idempotency-Key is being answered",
                                      kBusySeconds));
        return;
      case IdempotencyKeys::State::kTaken:
        if (outcome.body_hash != label.body_hash) {
          reply.Send(HttpResponse::Error(422, "idempotency_key_reused",
                                         "this Idempotency-Key was sent with another body"));
        } else {
          reply.Send(Repeated(outcome));
        }
        return;
    }
  }
  IngestRecords records;
  HttpResponse refusal;
  if (!ReadIngestRequest(request, parts_.limits, parts_.line_protocol, now_us, &records,
                         &refusal)) {
    if (!label.key.empty()) parts_.keys->Forget(label.key);
    reply.Send(std::move(refusal));
    return;
  }
  std::vector<bool> kept(records.batch.records.size(), true);
  Summary summary;
  Judge(request, records, now_us, &kept, &summary);
  Store(std::move(records), kept, std::move(label), std::move(summary), std::move(reply));
}

void ReadingsEndpoint::Judge(const HttpRequest& request, const IngestRecords& records,
                             int64_t now_us, std::vector<bool>* kept, Summary* summary) {
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
}

void ReadingsEndpoint::Store(IngestRecords records, const std::vector<bool>& kept, PushLabel label,
                             Summary summary, HttpReply reply) {
  const auto num_kept = static_cast<uint32_t>(std::count(kept.begin(), kept.end(), true));
  const IdempotencyKeys::Outcome outcome{label.body_hash, summary.accepted,
                                         static_cast<uint32_t>(summary.rejected.size()),
                                         label.received_us};
  if (num_kept == 0) {
    if (!label.key.empty()) parts_.keys->Forget(label.key);
    reply.Send(Answer(summary));
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
    HttpReply reply;
    HttpResponse answer;
    std::string key;
    IdempotencyKeys::Outcome outcome;
    std::shared_ptr<IdempotencyKeys> keys;
  };
  auto waiting = std::make_shared<Waiting>(
      Waiting{std::move(reply), Answer(summary), label.key, outcome, parts_.keys});
  const Status taken =
      parts_.journal->Append({text, payload, num_kept}, [waiting](const Result<uint64_t>& first) {
        if (!waiting->key.empty() && first.ok()) {
          waiting->keys->Finish(waiting->key, waiting->outcome);
        } else if (!waiting->key.empty()) {
          waiting->keys->Forget(waiting->key);
        }
        waiting->reply.Send(first.ok() ? std::move(waiting->answer) : NotStored(first.status()));
      });
  if (taken.ok()) return;
  if (!waiting->key.empty()) parts_.keys->Forget(waiting->key);
  waiting->reply.Send(NotStored(taken));
}

HttpResponse ReadingsEndpoint::Answer(const Summary& summary) {
  JsonWriter json;
  json.BeginObject().Field("accepted", summary.accepted);
  json.Field("rejected", static_cast<uint64_t>(summary.rejected.size()));
  if (!summary.rejected.empty()) {
    json.Key("errors").BeginArray();
    for (size_t i = 0; i < std::min(summary.rejected.size(), kMostVerdicts); ++i) {
      const RecordVerdict& verdict = summary.rejected[i];
      json.BeginObject().Field("record", static_cast<uint64_t>(verdict.record + 1));
      if (!summary.lines.empty()) json.Field("line", summary.lines[i]);
      json.Field("code", verdict.code).Field("message", verdict.message);
      if (verdict.position >= 0) json.Field("position", verdict.position);
      json.EndObject();
    }
    json.EndArray();
    const bool more = summary.rejected.size() > kMostVerdicts;
    if (more)
      json.Field("errors_not_shown",
                 static_cast<uint64_t>(summary.rejected.size() - kMostVerdicts));
  }
  const bool none_accepted = summary.accepted == 0 && !summary.rejected.empty();
  return HttpResponse::Json(none_accepted ? 422 : 200, json.EndObject().Take() + "\n");
}

HttpResponse ReadingsEndpoint::Repeated(const IdempotencyKeys::Outcome& outcome) {
  JsonWriter json;
  json.BeginObject().Field("accepted", outcome.accepted).Field("rejected", outcome.rejected);
  json.Field("repeated", true).EndObject();
  const bool none_accepted = outcome.accepted == 0 && outcome.rejected > 0;
  return HttpResponse::Json(none_accepted ? 422 : 200, json.Take() + "\n");
}

}  // namespace avocet
