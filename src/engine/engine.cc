#include "src/engine/engine.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "src/base/time_format.h"
#include "src/engine/builtin_components.h"
#include "src/engine/owned_lake.h"
#include "src/engine/peer_lakes.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A tick takes what has arrived, up to this much; it grows by itself under load. Its records should
// stay in the second-level cache between decoding, keyed state and the epoch's columns.
constexpr size_t kTickRecords = 8192;
constexpr size_t kTickBytes = size_t{4} << 20;
// How long an idle engine waits for records before it looks at its clock again.
constexpr milliseconds kLinger{5};
// The first rows of a run are visible soon, so that who starts avocet sees that it works.
constexpr nanoseconds kFirstCommitInterval = milliseconds(500);
constexpr int64_t kAllPositionsEvery = 100;  // epochs
constexpr milliseconds kServerGrace{5'000};
// How long a stop waits for a full disk and the like.
constexpr milliseconds kStopGrace{5'000};
constexpr nanoseconds kFirstRetry = milliseconds(200);
constexpr nanoseconds kLongestRetry = milliseconds(10000);

}  // namespace

Engine::Engine(Config config, Env* env, EngineOptions options)
    : config_(std::move(config)), env_(env), options_(std::move(options)), hub_(options_.sockets) {}

Engine::~Engine() {
  care_.reset();
  committer_.reset();
}

Result<std::unique_ptr<Engine>> Engine::Open(Config config, Env* env, EngineOptions options) {
  std::unique_ptr<Engine> engine(new Engine(std::move(config), env, std::move(options)));
  AVOCET_RETURN_IF_ERROR(engine->OpenLake());
  AVOCET_RETURN_IF_ERROR(engine->OpenSources());
  return engine;
}

Status Engine::OpenLake() {
  AVOCET_ASSIGN_OR_RETURN(OwnedLake owned,
                          OpenOwnedLake(config_, env_, options_.on_step, /*recover=*/true));
  lock_ = std::move(owned.lock);
  lake_ = std::move(owned.lake);
  tables_ = std::move(owned.tables);
  clock_ = std::move(owned.clock);
  processor_ = std::move(owned.processor);
  committer_ = std::move(owned.committer);
  recovery_ = owned.recovery;
  positions_ = std::move(owned.bronze.positions);
  next_epoch_ = owned.bronze.last.epoch + 1;
  received_us_ = owned.bronze.last.received_us;
  epochs_since_all_positions_ = kAllPositionsEvery;  // The first epoch of a run has them all.
  snapshot_taken_ = env_->Monotonic();
  if (options_.on_alerts) {
    processor_->set_alert_sink(
        [this](std::span<const AlertChange> changes) { options_.on_alerts(changes, arrived_us_); });
  }
  committer_->set_before_commit(options_.before_commit);
  committer_->set_on_commit(options_.on_commit);
  care_ = std::make_unique<TableCare>(&config_, env_, tables_.get());
  decisions_ = std::make_unique<DecisionKeeper>(config_, env_);
  return Status::Ok();
}

Status Engine::OpenSources() {
  AVOCET_ASSIGN_OR_RETURN(peers_, MakePeerLakes(config_, env_, tables_.get()));
  for (const SourceConfig& source : config_.sources) {
    auto made = MakeSource(source, {&config_, options_.once, env_, &hub_, peers_.get()});
    Positions own;
    const std::string prefix = source.name + "/";
    for (const auto& [key, value] : positions_) {
      if (key.starts_with(prefix)) own[key] = value;
    }
    const Status opened = made->Open(own);
    if (!opened.ok()) return opened.WithContext("cannot open source " + source.name);
    inputs_.push_back({.name = source.name, .source = std::move(made)});
  }
  StartEpoch();
  PublishProgress(0);
  return Status::Ok();
}

void Engine::StartEpoch() {
  epoch_ = MakeEpoch(tables_->layout(), processor_->metrics(), next_epoch_,
                     processor_->next_sequence(), committer_->TakeSpare());
  epoch_->totals = processor_->totals();
  epoch_opened_ = env_->Monotonic();
}

bool Engine::AllEnded() const {
  return std::all_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.ended; });
}

Status Engine::Run() {
  polled_at_ = env_->Monotonic();
  polled_us_ = env_->NowMicros();
  while (!stopping_ && !AllEnded()) {
    bool idle = false;
    AVOCET_RETURN_IF_ERROR(Tick(&idle));
    AVOCET_RETURN_IF_ERROR(SealIfDue(false));
    if (idle) env_->SleepFor(kLinger);
  }
  // What has been acknowledged is in the journals, and what has not arrived yet must not be taken.
  hub_.Stop(kServerGrace);
  // Hours are written early only when the input is complete, not when a live one is interrupted.
  if (AllEnded()) processor_->FlushHours(epoch_.get());
  AVOCET_RETURN_IF_ERROR(SealIfDue(true));
  AVOCET_RETURN_IF_ERROR(committer_->Drain());
  TellCommitted();
  care_->Stop();
  PublishProgress(0);
  return Status::Ok();
}

void Engine::Stop() {
  stopping_ = true;
  committer_->StopRetrying(kStopGrace);
}

Status Engine::Tick(bool* idle) {
  ++ticks_;
  AVOCET_RETURN_IF_ERROR(committer_->failure());
  decisions_->Look(processor_.get());
  std::vector<RawBatch> batches;
  bool more = false;
  const int64_t tick_us = std::max(received_us_, env_->NowMicros());
  // An epoch has rows of one day. It ends before the poll: afterwards the sources' positions are
  // those of records that are in no epoch yet.
  if (epoch_->Rows() > 0 && FormatDate(epoch_->received_us) != FormatDate(tick_us)) {
    AVOCET_RETURN_IF_ERROR(Seal());
  }
  // The poll before a record's own is the latest it can have arrived unseen.
  Arrival arrival{.at = std::exchange(polled_at_, env_->Monotonic())};
  arrived_us_ = std::exchange(polled_us_, tick_us);
  AVOCET_RETURN_IF_ERROR(PollInputs(&batches, &more));
  *idle = !more && batches.empty();
  TellCommitted();
  uint64_t bytes = 0;
  if (!batches.empty()) {
    received_us_ = tick_us;
    if (epoch_->Rows() == 0) epoch_->received_us = received_us_;
    AVOCET_RETURN_IF_ERROR(
        processor_->Process(batches, received_us_, /*replayed=*/false, epoch_.get()));
    for (const RawBatch& batch : batches) {
      bytes += batch.bytes_read;
      arrival.records += batch.records.size();
    }
    clock_->Pass(CommitStage::kJudged, {&arrival, 1});
    epoch_->AddArrival(arrival);
  }
  // Taken after the records of the tick are in the epoch: positions never run ahead of rows.
  const size_t before = epoch_->positions.size();
  for (Input& input : inputs_) input.source->TakeChangedPositions(&epoch_->positions);
  epoch_->has_positions =
      epoch_->has_positions || epoch_->positions.size() != before || !batches.empty();
  PublishProgress(bytes);
  for (Input& input : inputs_) {
    if (input.source->TakeCommitRequest() && !epoch_->Empty()) AVOCET_RETURN_IF_ERROR(Seal());
  }
  return Status::Ok();
}

void Engine::TellCommitted() {
  const Positions committed = committer_->TakeCommittedPositions();
  if (committed.empty()) return;
  for (Input& input : inputs_) input.source->Committed(committed);
}

Status Engine::PollInputs(std::vector<RawBatch>* batches, bool* more) {
  const StageClock::Timer timer(clock_.get(), Stage::kPoll);
  const size_t budget = config_.engine.tick_records > 0
                            ? static_cast<size_t>(config_.engine.tick_records)
                            : kTickRecords;
  size_t taken = 0;
  for (Input& input : inputs_) {
    if (input.ended || taken >= budget) continue;
    const size_t first = batches->size();
    AVOCET_RETURN_IF_ERROR(PollInput(&input, budget - taken, batches, more));
    for (size_t i = first; i < batches->size(); ++i) {
      const RawBatch& batch = (*batches)[i];
      taken += batch.records.size() + batch.rejects.size();
      input.records += batch.records.size() + batch.rejects.size();
      input.bytes += batch.bytes_read;
    }
  }
  return Status::Ok();
}

Status Engine::PollInput(Input* input, size_t records_left, std::vector<RawBatch>* batches,
                         bool* more) {
  if (env_->Monotonic() < input->retry_at) return Status::Ok();
  PollLimits limits{.max_records = records_left, .max_bytes = kTickBytes};
  if (inputs_.size() == 1) limits.wait = kLinger;
  auto state = input->source->Poll(limits, batches);
  if (state.ok()) {
    input->backoff = nanoseconds(0);
    input->problem.clear();
    input->ended = *state == PollState::kEnd;
    *more = *more || *state == PollState::kMore;
    return Status::Ok();
  }
  if (state.status().code() != StatusCode::kUnavailable) return state.status();
  if (input->problem != state.status().message()) {
    spdlog::warn("a source is unavailable, trying again: {}", state.status().message());
    input->problem = state.status().message();
  }
  input->backoff = std::clamp(input->backoff * 2, kFirstRetry, kLongestRetry);
  input->retry_at = env_->Monotonic() + input->backoff;
  return Status::Ok();
}

Status Engine::SealIfDue(bool final) {
  const bool full = epoch_->Rows() >= config_.storage.commit_rows ||
                    static_cast<int64_t>(epoch_->Bytes()) >= config_.storage.commit_bytes;
  const nanoseconds interval =
      sealed_any_ ? nanoseconds(config_.storage.commit_interval)
                  : std::min<nanoseconds>(config_.storage.commit_interval, kFirstCommitInterval);
  const bool old = env_->Monotonic() - epoch_opened_ >= interval;
  if (!full && !old && !final) return Status::Ok();
  if (epoch_->Empty() && !final) {
    epoch_opened_ = env_->Monotonic();
    return Status::Ok();
  }
  if (!final) return Seal();
  // The last snapshot makes the next start quick, and remembers which hours were written early.
  if (epoch_->Empty() && recovery_.snapshot_epoch == next_epoch_ - 1) return Status::Ok();
  if (epoch_->Empty() && next_epoch_ == 1) return Status::Ok();
  epoch_->has_positions = true;
  snapshot_taken_ = nanoseconds::min();
  return Seal();
}

Status Engine::Seal() {
  if (epochs_since_all_positions_ >= kAllPositionsEvery) {
    epoch_->positions.clear();
    for (const Input& input : inputs_) input.source->AllPositions(&epoch_->positions);
    epoch_->all_positions = true;
    epochs_since_all_positions_ = 0;
  }
  ++epochs_since_all_positions_;
  if (epoch_->received_us == 0) epoch_->received_us = received_us_;
  const bool snapshot_due =
      snapshot_taken_ == nanoseconds::min() ||
      env_->Monotonic() - snapshot_taken_ >= config_.storage.snapshot_interval;
  if (snapshot_due) TakeSnapshot(epoch_.get());
  AVOCET_RETURN_IF_ERROR(committer_->Submit(std::move(epoch_)));
  if (options_.in_turn) AVOCET_RETURN_IF_ERROR(committer_->Drain());
  care_->Wake();
  sealed_any_ = true;
  ++next_epoch_;
  StartEpoch();
  return Status::Ok();
}

void Engine::TakeSnapshot(Epoch* epoch) {
  const StageClock::Timer timer(clock_.get(), Stage::kSnapshot);
  snapshot_taken_ = env_->Monotonic();
  Positions positions;
  for (const Input& input : inputs_) input.source->AllPositions(&positions);
  epoch->snapshot =
      WriteState(config_, env_, tables_.get(), processor_.get(), epoch->number, positions);
}

void Engine::LogHealth(const SourceHealth& health, Input* input) {
  if (input->told == health.problem) return;
  if (health.problem.empty()) {
    spdlog::info("the source {} is well again", input->name);
  } else {
    spdlog::warn("the source {} has a problem: {}", input->name, health.problem);
  }
  input->told = health.problem;
}

void Engine::PublishProgress(uint64_t bytes) {
  std::string problem = committer_->problem();
  uint64_t lag_bytes = 0, lag_records = 0;
  int64_t lag_ms = 0;
  std::vector<SourceProgress> sources;
  for (Input& input : inputs_) {
    SourceHealth health = input.source->Health();
    lag_bytes += health.lag_bytes;
    lag_records += health.lag_records;
    lag_ms = std::max(lag_ms, health.lag_ms);
    LogHealth(health, &input);
    if (!input.problem.empty()) {
      health.ready = false;
      health.problem = input.problem;
    }
    if (problem.empty()) problem = health.problem;
    sources.push_back({.name = input.name,
                       .health = std::move(health),
                       .ended = input.ended,
                       .records = input.records,
                       .bytes = input.bytes});
  }
  const CommitInfo last = committer_->last();
  std::lock_guard lock(progress_mutex_);
  progress_.totals = processor_->totals();
  progress_.violations = processor_->violations();
  progress_.bytes_read += bytes;
  progress_.devices = processor_->num_devices();
  progress_.commits = committer_->commits();
  progress_.lag_bytes = lag_bytes;
  progress_.lag_records = lag_records;
  progress_.lag_ms = lag_ms;
  progress_.epoch = last.epoch;
  progress_.fleet_time_us = processor_->fleet_time_us();
  progress_.last_commit_us = committer_->last_commit_us();
  progress_.problem = std::move(problem);
  progress_.sources = std::move(sources);
}

Progress Engine::progress() const {
  std::lock_guard lock(progress_mutex_);
  return progress_;
}

}  // namespace avocet
