#include "src/source/simulate/simulate_source.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/source/position_text.h"
#include "src/source/records/block_pool.h"
#include "src/source/simulate/simulator.h"

namespace avocet {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr char kPartition[] = "simulate";

class SimulateSource : public Source {
 public:
  SimulateSource(const SimulateSourceConfig& config, std::string name, bool once, Env* env)
      : config_(config), name_(std::move(name)), once_(once), env_(env) {}

  Status Open(const Positions& committed) override;
  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override;
  void TakeChangedPositions(Positions* out) override;
  void AllPositions(Positions* out) const override;

 private:
  Status OpenTruthFile();
  Status WriteTruth();
  int64_t DueIn() const;
  void Generate(size_t max_records, std::vector<RawBatch>* out);
  Result<PollState> End();
  std::string Key() const { return name_ + "/" + kPartition; }

  const SimulateSourceConfig config_;
  const std::string name_;
  const bool once_;
  Env* const env_;
  BlockPool pool_;
  std::optional<Simulator> simulator_;
  int64_t start_us_ = 0;         // event time of the first step
  int64_t anchor_event_us_ = 0;  // is due at anchor_wall_us_
  int64_t anchor_wall_us_ = 0;
  int64_t next_index_ = 0;
  int64_t next_time_us_ = 0;
  bool changed_ = false;
  std::unique_ptr<WritableFile> truth_file_;
  size_t truth_written_ = 0;
};

Status SimulateSource::Open(const Positions& committed) {
  AVOCET_RETURN_IF_ERROR(Simulator::Check(config_));
  if (once_ && config_.duration.count() == 0) {
    return Status::Config("cannot simulate once: " + name_ +
                          " has no duration and would never end");
  }
  const int64_t period_us = Simulator::PeriodUs(config_);
  const int64_t now = env_->NowMicros();
  const int64_t align = std::max(period_us, kMicrosPerSecond);
  start_us_ = config_.start_time_us != 0 ? config_.start_time_us : now - now % align;
  int64_t index = 0;
  const auto at = committed.find(Key());
  if (at != committed.end()) {
    AVOCET_ASSIGN_OR_RETURN(const PositionText position, PositionText::Parse(at->second));
    const bool same = position.Unsigned("devices") == static_cast<uint64_t>(config_.devices) &&
                      position.Unsigned("period_us") == static_cast<uint64_t>(period_us) &&
                      position.Unsigned("seed") == config_.seed;
    const auto start = static_cast<int64_t>(position.Unsigned("start_us"));
    if (same && (config_.start_time_us == 0 || config_.start_time_us == start)) {
      index = static_cast<int64_t>(position.Unsigned("index"));
      start_us_ = start;
    }
  }
  simulator_.emplace(config_, start_us_);
  if (index > 0) simulator_->Seek(index);
  next_index_ = simulator_->next_index();
  next_time_us_ = next_index_ < simulator_->end_index() ? simulator_->next_time_us() : kNever;
  const bool live = config_.start_time_us == 0 && config_.speed == 1;
  anchor_event_us_ = live ? start_us_ : next_time_us_;
  anchor_wall_us_ = live ? start_us_ : now;
  return OpenTruthFile();
}

Status SimulateSource::OpenTruthFile() {
  if (config_.truth_file.empty()) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(truth_file_, env_->OpenForWrite(config_.truth_file));
  return WriteTruth();
}

Status SimulateSource::WriteTruth() {
  if (truth_file_ == nullptr || truth_written_ == simulator_->Truth().size()) return Status::Ok();
  std::string lines;
  for (size_t i = truth_written_; i < simulator_->Truth().size(); ++i) {
    lines += FaultWindowJson(simulator_->Truth()[i]) + "\n";
  }
  AVOCET_RETURN_IF_ERROR(truth_file_->Append(lines));
  truth_written_ = simulator_->Truth().size();
  return Status::Ok();
}

// Microseconds until the next record is due; 0 or less: now.
int64_t SimulateSource::DueIn() const {
  if (config_.speed == 0) return 0;
  const auto event_us = static_cast<double>(next_time_us_ - anchor_event_us_);
  const double wall_us = std::min(event_us / config_.speed, 9e18);
  const int64_t passed_us = env_->NowMicros() - anchor_wall_us_;
  return static_cast<int64_t>(wall_us) - passed_us;
}

// One block of records that are due.
void SimulateSource::Generate(size_t max_records, std::vector<RawBatch>* out) {
  auto block = pool_.Take(BlockPool::kBlockBytes);
  RawBatch batch;
  batch.source = name_;
  batch.partition = kPartition;
  char* const begin = block->data.get();
  char* at = begin;
  int64_t due_step_us = next_time_us_;
  while (batch.records.size() < max_records && next_time_us_ == due_step_us &&
         static_cast<size_t>(at - begin) + Simulator::kMostRecordBytes <= block->capacity) {
    char* const end = simulator_->Next(at);
    batch.records.push_back(
        {static_cast<uint32_t>(at - begin), static_cast<uint32_t>(end - at), next_index_});
    at = end;
    next_index_ = simulator_->next_index();
    next_time_us_ = next_index_ < simulator_->end_index() ? simulator_->next_time_us() : kNever;
    const bool next_step = next_time_us_ != due_step_us && next_time_us_ != kNever;
    if (next_step && DueIn() <= 0) due_step_us = next_time_us_;
  }
  block->size = static_cast<size_t>(at - begin);
  batch.bytes_read = block->size;
  batch.bytes = std::move(block);
  changed_ = true;
  out->push_back(std::move(batch));
}

Result<PollState> SimulateSource::End() {
  if (truth_file_ != nullptr) {
    AVOCET_RETURN_IF_ERROR(truth_file_->Sync());
    AVOCET_RETURN_IF_ERROR(truth_file_->Close());
    truth_file_.reset();
  }
  return PollState::kEnd;
}

Result<PollState> SimulateSource::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  if (next_time_us_ == kNever) return End();
  const int64_t due_us = DueIn();
  if (due_us > 0) {
    const int64_t wait_us = std::chrono::microseconds(limits.wait).count();
    env_->SleepFor(std::chrono::microseconds(std::min(due_us, wait_us)));
    if (DueIn() > 0) return PollState::kIdle;
  }
  const size_t most = std::max<size_t>(limits.max_records, 1);
  size_t records = 0, bytes = 0;
  while (next_time_us_ != kNever && DueIn() <= 0 && records < most &&
         (records == 0 || bytes < limits.max_bytes)) {
    Generate(most - records, out);
    records += out->back().records.size();
    bytes += out->back().bytes->size;
  }
  AVOCET_RETURN_IF_ERROR(WriteTruth());
  if (next_time_us_ == kNever) return End();
  return DueIn() > 0 ? PollState::kIdle : PollState::kMore;
}

void SimulateSource::TakeChangedPositions(Positions* out) {
  if (changed_) AllPositions(out);
  changed_ = false;
}

void SimulateSource::AllPositions(Positions* out) const {
  JsonWriter json;
  json.BeginObject()
      .Field("index", next_index_)
      .Field("start_us", start_us_)
      .Field("devices", config_.devices)
      .Field("period_us", Simulator::PeriodUs(config_))
      .Field("seed", config_.seed);
  out->insert_or_assign(Key(), json.EndObject().Take());
}

}  // namespace

std::unique_ptr<Source> MakeSimulateSource(const SimulateSourceConfig& config,
                                           const std::string& name, bool once, Env* env) {
  return std::make_unique<SimulateSource>(config, name, once, env);
}

}  // namespace avocet
