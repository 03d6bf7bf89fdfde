#include "src/source/s3/s3_source.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/s3_url.h"
#include "src/source/poll_budget.h"
#include "src/source/position_text.h"
#include "src/source/records/block_pool.h"
#include "src/source/records/input_format.h"
#include "src/source/records/stream_reader.h"
#include "src/source/s3/object_fetcher.h"
#include "src/source/s3/object_ledger.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

// Objects that wait to be read before no more of them are listed.
constexpr size_t kMostWaiting = 5000;
// Between listings, however often notifications come.
constexpr nanoseconds kLeastPause = std::chrono::milliseconds(250);

class S3Source : public Source {
 public:
  S3Source(const S3SourceConfig& config, std::string name, bool once, Env* env,
           std::unique_ptr<ObjectStore> store, std::unique_ptr<MessageQueue> queue)
      : config_(config),
        name_(std::move(name)),
        once_(once),
        env_(env),
        store_(std::move(store)),
        queue_(std::move(queue)) {}

  Status Open(const Positions& committed) override;
  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override;
  void TakeChangedPositions(Positions* out) override;
  void AllPositions(Positions* out) const override;
  SourceHealth Health() const override;

 private:
  Status Connect();
  Result<int64_t> StartTime(const Positions& committed);
  void ListIfDue();
  void NotePage();
  void OpenReader();
  Status ReadFirst(const RecordSplitter::Limits& limits, RawBatch* batch, bool* dry);
  Status LeaveFirst(const Status& why);
  bool HasAll() const { return listed_once_ && !listing_ && fetcher_->empty(); }
  std::string StartKey() const { return name_ + "/"; }
  std::string StartText() const;

  const S3SourceConfig config_;
  const std::string name_;
  const bool once_;
  Env* const env_;
  std::unique_ptr<ObjectStore> store_;   // until the fetcher has it
  std::unique_ptr<MessageQueue> queue_;  // until the bell has it
  S3Location location_;
  SplitOptions split_;
  std::optional<ObjectLedger> ledger_;
  std::unique_ptr<ObjectFetcher> fetcher_;
  std::unique_ptr<ObjectBell> bell_;  // null: without notifications
  BlockPool pool_;
  std::unique_ptr<StreamReader> reader_;  // of the fetcher's first object
  int64_t start_us_ = 0;
  bool start_changed_ = false;
  bool listing_ = false;  // a page is under way, or more are wanted
  bool page_wanted_ = false;
  std::string list_after_;
  bool listed_once_ = false;  // to the end
  nanoseconds next_listing_{0};
  nanoseconds listed_at_{0};  // the present or last listing began
  bool rung_ = false;         // since then
  std::string left_;          // about an object that could not be read to its end
};

Status S3Source::Open(const Positions& committed) {
  AVOCET_ASSIGN_OR_RETURN(location_, ParseS3Url(config_.url));
  AVOCET_ASSIGN_OR_RETURN(split_.format, ParseInputFormat(config_.format));
  split_.max_record_bytes = config_.max_record_bytes;
  AVOCET_ASSIGN_OR_RETURN(start_us_, StartTime(committed));
  ledger_.emplace(ObjectLedger::Options{.key_prefix = name_ + "/" + location_.bucket + "/",
                                        .prefix = location_.prefix,
                                        .settle_us = config_.settle.count(),
                                        .start_us = start_us_});
  AVOCET_RETURN_IF_ERROR(ledger_->Load(committed));
  if (store_ == nullptr) AVOCET_RETURN_IF_ERROR(Connect());
  fetcher_ = std::make_unique<ObjectFetcher>(std::move(store_), env_);
  // A run that ends lists once, so that nothing has to tell it when.
  if (queue_ != nullptr && !once_) bell_ = std::make_unique<ObjectBell>(std::move(queue_), env_);
  return Status::Ok();
}

Status S3Source::Connect() {
  AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport,
                          AwsTransport::Open(config_.aws, env_));
  store_ = MakeS3Store(std::make_unique<S3Client>(std::move(transport), location_.bucket,
                                                  config_.aws.endpoint, config_.aws.path_style),
                       location_.prefix);
  if (config_.queue_url.empty()) return Status::Ok();
  // Cancelling one connection's requests cancels them all, and bell and fetcher end separately.
  AVOCET_ASSIGN_OR_RETURN(transport, AwsTransport::Open(config_.aws, env_));
  AVOCET_ASSIGN_OR_RETURN(queue_, OpenSqsQueue(std::move(transport), config_.queue_url));
  return Status::Ok();
}

// "end" is an instant, and that of the first start is kept, so that nothing is left out that came
// while avocet was down.
Result<int64_t> S3Source::StartTime(const Positions& committed) {
  if (config_.start_time_us != 0 || config_.start != "end") return config_.start_time_us;
  start_changed_ = true;
  const auto kept = committed.find(StartKey());
  if (kept == committed.end()) return env_->NowMicros();
  AVOCET_ASSIGN_OR_RETURN(const PositionText text, PositionText::Parse(kept->second));
  return static_cast<int64_t>(text.Unsigned("start_us"));
}

void S3Source::ListIfDue() {
  const nanoseconds now = env_->Monotonic();
  if (bell_ != nullptr && bell_->TakeRing()) rung_ = true;
  const bool due = now >= next_listing_ || (rung_ && now - listed_at_ >= kLeastPause);
  if (!listing_ && (once_ ? !listed_once_ : due)) {
    listing_ = page_wanted_ = true;
    listed_at_ = now;
    rung_ = false;
    ledger_->BeginListing();
    list_after_ = ledger_->floor();
  }
  if (!page_wanted_ || fetcher_->size() >= kMostWaiting) return;
  page_wanted_ = false;
  fetcher_->List(list_after_);
}

void S3Source::NotePage() {
  const auto page = fetcher_->TakePage();
  if (!page.has_value()) return;
  for (const S3Object& object : ledger_->NoteListed(page->objects)) {
    const ObjectPosition& position = ledger_->position(object.key);
    fetcher_->Add(object, position.compressed ? 0 : position.split.offset);
  }
  if (page->more && !page->objects.empty()) {
    list_after_ = page->objects.back().key;
    page_wanted_ = true;
  } else {
    ledger_->EndListing();
    listing_ = false;
    listed_once_ = true;
    next_listing_ = env_->Monotonic() + config_.poll_interval;
  }
  ledger_->RaiseFloor(env_->NowMicros());
}

void S3Source::OpenReader() {
  if (reader_ != nullptr) return;
  const std::string& key = fetcher_->object().key;
  const ObjectPosition& position = ledger_->position(key);
  SplitOptions options = split_;
  options.hint = FormatHint(key);
  const bool resumed = position.split.offset > 0 && !position.compressed;
  const uint64_t skip = position.compressed ? position.split.offset : 0;
  reader_ = std::make_unique<StreamReader>(
      ByteStream([this](std::span<char> out) { return fetcher_->Read(out); },
                 resumed ? std::optional(Compression::kNone) : std::nullopt),
      &pool_, options, position.split, skip, true);
}

// Reads some of the first object, and leaves it when it ends.
Status S3Source::ReadFirst(const RecordSplitter::Limits& limits, RawBatch* batch, bool* dry) {
  OpenReader();
  const std::string key = fetcher_->object().key;
  batch->source = name_;
  batch->partition = location_.bucket + "/" + key;
  const auto state = reader_->Read(limits, fetcher_->at_end(), batch);
  if (!state.ok()) return LeaveFirst(state.status());
  *dry = *state == ReadState::kDry && !fetcher_->at_end();
  ObjectPosition position = ledger_->position(key);
  position.split = reader_->position();
  position.compressed = reader_->compressed();
  position.done = *state == ReadState::kEnd || reader_->damaged();
  const bool moved = position.split.offset != ledger_->position(key).split.offset;
  if (moved || position.done) ledger_->SetPosition(key, position);
  if (reader_->damaged()) left_ = "object " + key + " is damaged";
  if (position.done) {
    reader_.reset();
    fetcher_->DropFirst();
    ledger_->RaiseFloor(env_->NowMicros());
  }
  return Status::Ok();
}

// The object is gone or has been replaced; if it is there again the next listing has it.
Status S3Source::LeaveFirst(const Status& why) {
  const std::string key = fetcher_->object().key;
  left_ = "object " + key + " was left after " + std::to_string(reader_->position().offset) +
          " bytes: " + why.message();
  reader_.reset();
  fetcher_->DropFirst();
  ledger_->Forget(key);
  return Status::Ok();
}

Result<PollState> S3Source::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  const nanoseconds deadline = env_->Monotonic() + limits.wait;
  PollBudget budget(limits);
  while (true) {
    NotePage();
    ListIfDue();
    bool dry = true;
    RawBatch batch;
    if (!fetcher_->empty()) AVOCET_RETURN_IF_ERROR(ReadFirst(budget.left(), &batch, &dry));
    budget.Deliver(std::move(batch), out);
    if (budget.full()) return PollState::kMore;
    if (!dry) continue;
    if (once_ && HasAll()) return PollState::kEnd;
    if (budget.records() > 0) return PollState::kIdle;
    const Status listed = fetcher_->list_status();
    if (!listed.ok() && fetcher_->empty()) {
      const Status status = listed.WithContext("cannot list " + config_.url);
      return once_ ? status : Status::Unavailable(status.message());
    }
    const nanoseconds now = env_->Monotonic();
    if (now >= deadline) return PollState::kIdle;
    fetcher_->WaitFor(deadline - now);
  }
}

std::string S3Source::StartText() const {
  JsonWriter json;
  return json.BeginObject().Field("start_us", start_us_).EndObject().Take();
}

void S3Source::TakeChangedPositions(Positions* out) {
  if (start_changed_) out->insert_or_assign(StartKey(), StartText());
  start_changed_ = false;
  ledger_->TakeChangedPositions(out);
}

void S3Source::AllPositions(Positions* out) const {
  if (config_.start_time_us == 0 && config_.start == "end") {
    out->insert_or_assign(StartKey(), StartText());
  }
  ledger_->AllPositions(out);
}

SourceHealth S3Source::Health() const {
  SourceHealth health;
  if (fetcher_ == nullptr) return health;
  health.lag_bytes = fetcher_->bytes_left();
  const Status listed = fetcher_->list_status();
  if (!listed.ok()) {
    health.problem = "cannot list " + config_.url + ": " + listed.message();
    health.ready = listed_once_;
  } else {
    health.problem = fetcher_->problem();
    if (health.problem.empty()) health.problem = left_;
    const Status rung = bell_ == nullptr ? Status::Ok() : bell_->status();
    if (health.problem.empty() && !rung.ok()) {
      health.problem = "cannot read " + config_.queue_url + ": " + rung.message();
    }
  }
  return health;
}

}  // namespace

std::unique_ptr<Source> MakeS3Source(const S3SourceConfig& config, const std::string& name,
                                     bool once, Env* env) {
  return MakeS3Source(config, name, once, env, nullptr);
}

std::unique_ptr<Source> MakeS3Source(const S3SourceConfig& config, const std::string& name,
                                     bool once, Env* env, std::unique_ptr<ObjectStore> store,
                                     std::unique_ptr<MessageQueue> queue) {
  return std::make_unique<S3Source>(config, name, once, env, std::move(store), std::move(queue));
}

}  // namespace avocet
