#include "src/source/kinesis/kinesis_source.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "src/base/json_writer.h"
#include "src/source/kinesis/kinesis_fetcher.h"
#include "src/source/kinesis/kinesis_lease_keeper.h"
#include "src/source/kinesis/kinesis_leases.h"
#include "src/source/kinesis/kinesis_lineage.h"
#include "src/source/poll_budget.h"
#include "src/source/position_text.h"
#include "src/source/records/input_format.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

class KinesisSource : public Source {
 public:
  KinesisSource(const KinesisSourceConfig& config, std::string name, bool once, Env* env,
                PeerLakes* peers, KinesisServices services)
      : config_(config),
        name_(std::move(name)),
        once_(once),
        env_(env),
        peers_(peers),
        services_(std::move(services)) {}
  ~KinesisSource() override;

  Status Open(const Positions& committed) override;
  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override;
  void TakeChangedPositions(Positions* out) override;
  void AllPositions(Positions* out) const override;
  void Committed(const Positions& positions) override;
  bool TakeCommitRequest() override { return std::exchange(commit_request_, false); }
  SourceHealth Health() const override;

 private:
  Status LoadPositions(const Positions& committed);
  Status OpenServices();
  void OpenLeases();
  Status SetStart(const Positions& committed);
  Status NoteListing();
  void BeginReadyShards();
  Status FollowLeases();
  void StopReading(const std::string& shard);
  void Deliver(const RecordSplitter::Limits& limits, RawBatch* batch);
  bool TakeChunk(nanoseconds wait);
  bool AtTip() const;
  std::string StartKey() const { return name_ + "/" + config_.stream; }
  std::string StartText() const;

  const KinesisSourceConfig config_;
  const std::string name_;
  const bool once_;
  Env* const env_;
  PeerLakes* const peers_;
  KinesisServices services_;  // until they are made use of
  std::unique_ptr<KinesisFetcher> fetcher_;
  KinesisLineage lineage_;
  KinesisStart start_;  // of shards that have no position
  int64_t start_ms_ = 0;
  std::map<std::string, std::string> first_sequences_;  // of `start_after`
  std::map<std::string, KinesisPosition> positions_;    // by shard, after what was delivered
  std::set<std::string> changed_;
  bool start_changed_ = false;
  std::set<std::string> at_tip_;
  std::optional<KinesisFetcher::Fetched> current_;
  bool list_wanted_ = true;  // shards have ended since the last listing
  std::string lost_;         // about shards that expired unread
  // Of a shared stream.
  std::unique_ptr<KinesisLeases> leases_;
  std::set<std::string> reading_;  // shards whose lease is held
  bool commit_request_ = false;
  std::unique_ptr<KinesisLeaseKeeper> keeper_;
};

Status KinesisSource::Open(const Positions& committed) {
  KinesisFetchOptions options;
  options.poll_interval = config_.poll_interval;
  options.list_interval = config_.list_interval;
  options.records_per_call = static_cast<int>(config_.records_per_call);
  options.unpack.max_record_bytes = config_.max_record_bytes;
  AVOCET_ASSIGN_OR_RETURN(options.unpack.format, ParseInputFormat(config_.format));
  AVOCET_RETURN_IF_ERROR(SetStart(committed));
  AVOCET_RETURN_IF_ERROR(LoadPositions(committed));
  AVOCET_RETURN_IF_ERROR(OpenServices());
  if (services_.leases != nullptr) OpenLeases();
  fetcher_ = std::make_unique<KinesisFetcher>(std::move(services_.stream), options, env_);
  return Status::Ok();
}

KinesisSource::~KinesisSource() {
  if (keeper_ == nullptr) return;
  std::map<std::string, KinesisPosition> delivered;
  for (const std::string& shard : reading_) delivered[shard] = positions_[shard];
  keeper_->Close(std::move(delivered));
}

Status KinesisSource::OpenServices() {
  if (services_.stream == nullptr) {
    AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport,
                            AwsTransport::Open(config_.aws, env_));
    services_.stream =
        MakeKinesisStream(std::move(transport), config_.aws.endpoint, config_.stream);
  }
  if (config_.lease_table.empty()) return Status::Ok();
  if (peers_ == nullptr) {
    return Status::Unsupported("the shared stream of the source " + name_ +
                               " can only be read into a lake");
  }
  if (services_.leases == nullptr) {
    AwsOptions aws = config_.aws;
    // Late answers are no use: the lease would be over.
    aws.timeout =
        std::min(aws.timeout,
                 std::chrono::duration_cast<std::chrono::milliseconds>(config_.lease_duration / 3));
    AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport, AwsTransport::Open(aws, env_));
    services_.leases =
        MakeKinesisLeaseTable(std::move(transport), config_.lease_endpoint, config_.lease_table);
  }
  return Status::Ok();
}

void KinesisSource::OpenLeases() {
  KinesisLeaseOptions options;
  options.source = name_;
  options.stream = config_.stream;
  options.table = config_.lease_table;
  options.duration = config_.lease_duration;
  options.handover_timeout = config_.handover_timeout;
  options.start = start_;
  options.first_sequences = first_sequences_;
  leases_ = std::make_unique<KinesisLeases>(std::move(options), std::move(services_.leases), env_,
                                            peers_);
  leases_->Load(positions_);
  keeper_ = std::make_unique<KinesisLeaseKeeper>(leases_.get());
}

// Latest is an instant, so that a crash before the first commit leaves nothing out. The instant of
// the first start is kept: what arrived while avocet was down is not left out either.
Status KinesisSource::SetStart(const Positions& committed) {
  start_ms_ = config_.start_time_us / 1000;
  if (config_.start == "latest" && start_ms_ == 0) {
    start_ms_ = env_->NowMicros() / 1000;
    const auto kept = committed.find(StartKey());
    if (kept != committed.end()) {
      AVOCET_ASSIGN_OR_RETURN(const PositionText text, PositionText::Parse(kept->second));
      start_ms_ = static_cast<int64_t>(text.Unsigned("start_ms"));
    }
    start_changed_ = true;
  }
  if (start_ms_ > 0) {
    start_.at = KinesisStart::At::kTimestamp;
    start_.timestamp_ms = start_ms_;
  }
  for (const std::string& entry : config_.start_after) {
    const size_t colon = entry.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size() ||
        entry.find_first_not_of("0123456789", colon + 1) != std::string::npos) {
      return Status::Config("cannot read start_after \"" + entry +
                            "\": write it as shardId-000000000000:4959...");
    }
    first_sequences_[entry.substr(0, colon)] = entry.substr(colon + 1);
  }
  return Status::Ok();
}

Status KinesisSource::LoadPositions(const Positions& committed) {
  const std::string prefix = StartKey() + "/";
  for (const auto& [key, text] : committed) {
    if (!key.starts_with(prefix)) continue;
    auto position = DecodeKinesisPosition(text);
    if (!position.ok()) return position.status().WithContext("position " + key);
    const std::string shard = key.substr(prefix.size());
    if (position->done) lineage_.SetDone(shard);
    positions_[shard] = std::move(position).value();
  }
  return Status::Ok();
}

Status KinesisSource::NoteListing() {
  auto listing = fetcher_->TakeListing();
  if (!listing.has_value()) return Status::Ok();
  if (listing->empty()) return Status::Unavailable("stream " + config_.stream + " has no shards");
  list_wanted_ = false;
  lineage_.Update(*listing);
  if (leases_ != nullptr) {
    leases_->OnShards(*listing);
    keeper_->Wake();
  }
  std::erase_if(positions_, [this](const auto& entry) {
    const auto& [shard, position] = entry;
    if (lineage_.Knows(shard) || reading_.contains(shard)) return false;
    if (!position.done && leases_ == nullptr) {
      lost_ = "shard " + shard + " has expired before it was read to its end";
    }
    return true;
  });
  if (leases_ == nullptr) BeginReadyShards();
  return Status::Ok();
}

// Reads what this process has a lease for.
Status KinesisSource::FollowLeases() {
  AVOCET_RETURN_IF_ERROR(leases_->failure());
  if (once_) AVOCET_RETURN_IF_ERROR(leases_->status());
  for (const KinesisLeases::Order& order : leases_->TakeOrders()) {
    if (!order.read) {
      StopReading(order.shard);
      continue;
    }
    reading_.insert(order.shard);
    at_tip_.erase(order.shard);
    positions_[order.shard] = order.position;
    changed_.insert(order.shard);
    fetcher_->Add(order.shard, order.position, order.otherwise);
  }
  return Status::Ok();
}

void KinesisSource::StopReading(const std::string& shard) {
  if (reading_.erase(shard) == 0) return;
  fetcher_->Remove(shard);
  if (current_.has_value() && current_->shard == shard) current_.reset();
  leases_->OnStopped(shard, positions_[shard]);
  keeper_->Wake();
  commit_request_ = true;
}

void KinesisSource::BeginReadyShards() {
  for (const std::string& shard : lineage_.TakeReady()) {
    KinesisStart otherwise = start_;
    const auto first = first_sequences_.find(shard);
    if (first != first_sequences_.end()) {
      otherwise = {KinesisStart::At::kAfterSequence, 0, first->second};
    }
    fetcher_->Add(shard, positions_[shard], otherwise);
  }
}

bool KinesisSource::TakeChunk(nanoseconds wait) {
  if (!current_.has_value()) current_ = fetcher_->Take(wait);
  return current_.has_value();
}

void KinesisSource::Deliver(const RecordSplitter::Limits& limits, RawBatch* batch) {
  KinesisChunk& chunk = current_->chunk;
  const std::string shard = current_->shard;
  batch->source = name_;
  batch->partition = config_.stream + "/" + shard;
  chunk.Take(limits, batch);
  KinesisPosition position = chunk.position();
  if (chunk.drained()) {
    position.done = chunk.last;
    const bool at_tip = chunk.behind_ms == 0 && batch->records.empty() && batch->rejects.empty();
    if (at_tip) at_tip_.insert(shard);
    if (chunk.last) {
      lineage_.SetDone(shard);
      // Its children may not have been there when the shards were last listed.
      list_wanted_ = true;
      fetcher_->ListSoon();
      if (leases_ == nullptr) {
        BeginReadyShards();
      } else {
        reading_.erase(shard);
        fetcher_->Remove(shard);
        commit_request_ = true;  // Its children wait, here or elsewhere.
      }
    }
    current_.reset();
  }
  if (position == positions_[shard]) return;
  positions_[shard] = std::move(position);
  changed_.insert(shard);
}

// There is nothing more to deliver at the moment.
bool KinesisSource::AtTip() const {
  if (list_wanted_ || lineage_.empty()) return false;
  if (leases_ != nullptr) {
    return leases_->settled() &&
           std::includes(at_tip_.begin(), at_tip_.end(), reading_.begin(), reading_.end());
  }
  return std::all_of(positions_.begin(), positions_.end(), [this](const auto& entry) {
    return lineage_.IsDone(entry.first) || at_tip_.contains(entry.first);
  });
}

Result<PollState> KinesisSource::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  const nanoseconds deadline = env_->Monotonic() + limits.wait;
  PollBudget budget(limits);
  while (true) {
    AVOCET_RETURN_IF_ERROR(fetcher_->failure());
    AVOCET_RETURN_IF_ERROR(NoteListing());
    if (leases_ != nullptr) AVOCET_RETURN_IF_ERROR(FollowLeases());
    const nanoseconds now = env_->Monotonic();
    const bool may_wait = budget.records() == 0 && now < deadline;
    if (!TakeChunk(may_wait ? deadline - now : nanoseconds(0))) {
      if (budget.records() > 0) return PollState::kIdle;
      const Status listed = fetcher_->list_status();
      if (!listed.ok() && (once_ || lineage_.empty())) {
        const Status status =
            listed.WithContext("cannot list the shards of stream " + config_.stream);
        return once_ ? status : Status::Unavailable(status.message());
      }
      if (once_ && AtTip()) return PollState::kEnd;
      if (env_->Monotonic() >= deadline) return PollState::kIdle;
      continue;
    }
    RawBatch batch;
    Deliver(budget.left(), &batch);
    budget.Deliver(std::move(batch), out);
    if (budget.full()) return PollState::kMore;
  }
}

std::string KinesisSource::StartText() const {
  JsonWriter json;
  return json.BeginObject().Field("start_ms", start_ms_).EndObject().Take();
}

void KinesisSource::TakeChangedPositions(Positions* out) {
  if (start_changed_) out->insert_or_assign(StartKey(), StartText());
  start_changed_ = false;
  for (const std::string& shard : changed_) {
    out->insert_or_assign(KinesisPositionKey(name_, config_.stream, shard),
                          EncodeKinesisPosition(positions_[shard]));
  }
  changed_.clear();
}

void KinesisSource::AllPositions(Positions* out) const {
  if (config_.start == "latest" && config_.start_time_us == 0) {
    out->insert_or_assign(StartKey(), StartText());
  }
  for (const auto& [shard, position] : positions_) {
    out->insert_or_assign(KinesisPositionKey(name_, config_.stream, shard),
                          EncodeKinesisPosition(position));
  }
}

void KinesisSource::Committed(const Positions& positions) {
  if (leases_ == nullptr) return;
  const std::string prefix = StartKey() + "/";
  for (auto at = positions.lower_bound(prefix);
       at != positions.end() && at->first.starts_with(prefix); ++at) {
    const auto position = DecodeKinesisPosition(at->second);
    if (position.ok() && leases_->OnCommitted(at->first.substr(prefix.size()), *position)) {
      keeper_->Wake();
    }
  }
}

SourceHealth KinesisSource::Health() const {
  SourceHealth health;
  if (fetcher_ == nullptr) return health;
  health.lag_ms = fetcher_->behind_ms();
  if (leases_ != nullptr) health.leases = static_cast<int64_t>(leases_->num_reading());
  const Status listed = fetcher_->list_status();
  if (!listed.ok()) {
    health.problem = "cannot list the shards of stream " + config_.stream + ": " + listed.message();
    health.ready = !lineage_.empty();
  } else {
    health.problem = fetcher_->shard_problem();
    if (health.problem.empty()) health.problem = lost_;
    if (leases_ != nullptr && health.problem.empty()) {
      health.problem = leases_->problem();
      health.ready = leases_->status().ok() || health.leases > 0;
    }
  }
  return health;
}

}  // namespace

std::unique_ptr<Source> MakeKinesisSource(const KinesisSourceConfig& config,
                                          const std::string& name, bool once, Env* env,
                                          PeerLakes* peers, KinesisServices services) {
  return std::make_unique<KinesisSource>(config, name, once, env, peers, std::move(services));
}

}  // namespace avocet
