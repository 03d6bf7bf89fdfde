#include "src/engine/processor.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace avocet {
namespace {

// Records that one thread decodes at a time: enough to amortise, few enough to share a tick.
constexpr size_t kRecordsPerJob = 2048;
// A schema evolves up to so many metrics; later fields stay in the bronze payload only.
constexpr size_t kMaxMetrics = 1024;

ShardView ViewOf(const Shard& shard) { return {shard.devices(), shard.detectors()}; }

}  // namespace

size_t NumThreads(const Config& config) {
  if (config.engine.threads > 0) return static_cast<size_t>(config.engine.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

Processor::Processor(const Config& config, const TableLayout& layout, size_t num_threads,
                     StageClock* clock)
    : config_(&config),
      layout_(&layout),
      clock_(clock),
      pool_(num_threads),
      fleet_alerts_(&config.alerts.rules),
      metrics_(ConfiguredMetrics(config)) {
  for (size_t i = 0; i < kNumShards; ++i) {
    shards_.push_back(std::make_unique<Shard>(config, metrics_));
  }
}

void Processor::ObserveWith(TickObserver* observer) {
  observer_ = observer;
  for (auto& shard : shards_) shard->Observe();
}

Status Processor::Process(const std::vector<RawBatch>& batches, int64_t now_us, bool replayed,
                          Epoch* epoch, std::span<const int64_t> fleet_times_us) {
  fleet_times_us_ = fleet_times_us;
  CutJobs(batches);
  size_t begin = 0;
  do {
    Decode(begin, now_us);
    std::vector<std::string> new_metrics;
    const size_t end = CutWhereMetricsAppear(begin, now_us, &new_metrics);
    RunShards(replayed);
    if (observer_ != nullptr) observer_->OnTick(tick_, metrics_, shards_);
    AVOCET_RETURN_IF_ERROR(Collect(now_us, replayed, epoch));
    CollectAlerts(replayed, epoch);
    Count(replayed);
    AddMetrics(new_metrics, epoch);
    begin = end;
  } while (begin < jobs_.size());
  for (const RawBatch& batch : batches) totals_.empty += replayed ? 0 : batch.empty_records;
  epoch->totals = totals_;
  return Status::Ok();
}

void Processor::CutJobs(const std::vector<RawBatch>& batches) {
  jobs_.clear();
  size_t place = 0;
  for (const RawBatch& batch : batches) {
    size_t begin = 0;
    do {
      const size_t end = std::min(begin + kRecordsPerJob, batch.records.size());
      jobs_.push_back({&batch, begin, end, place + begin});
      begin = end;
    } while (begin < batch.records.size());
    place += batch.records.size();
  }
}

void Processor::Decode(size_t first_job, int64_t now_us) {
  const StageClock::Timer timer(clock_, Stage::kDecode);
  while (pieces_.size() < jobs_.size()) pieces_.push_back(std::make_unique<Piece>());
  const size_t num_jobs = jobs_.size() - first_job;
  while (decoders_.size() < std::min(num_jobs, pool_.num_threads())) {
    decoders_.push_back(MakeDecoder(config_->schema));
  }
  // Each worker keeps one decoder and takes jobs from the common list.
  std::atomic<size_t> next = first_job;
  pool_.ParallelFor(std::min(decoders_.size(), num_jobs), [&](size_t worker) {
    Decoder& decoder = *decoders_[worker];
    decoder.SetMetrics(metrics_);
    for (size_t i = next++; i < jobs_.size(); i = next++) {
      DecodeJob(jobs_[i], now_us, &decoder, pieces_[i].get());
      FindDevices(pieces_[i].get());
    }
  });
  tick_.clear();
  for (size_t i = first_job; i < jobs_.size(); ++i) tick_.push_back(pieces_[i].get());
}

void Processor::DecodeJob(const Job& job, int64_t now_us, Decoder* decoder, Piece* piece) const {
  ReadingBatch& readings = piece->readings;
  decoder->Decode(*job.batch, job.begin, job.end, now_us, &readings);
  piece->Prepare(metrics_.size());
  if (fleet_times_us_.empty()) return;
  const std::vector<RawRecord>& records = job.batch->records;
  size_t record = job.begin;
  for (size_t row = 0; row < readings.rows; ++row, ++record) {
    // A record that was refused is no row.
    while (records[record].offset != readings.offset[row]) ++record;
    piece->fleet_time_us[row] = fleet_times_us_[job.place + (record - job.begin)];
  }
}

// Names are compared here, while decoding has just read them: the shards would have to fetch each
// from memory once more.
void Processor::FindDevices(Piece* piece) const {
  for (size_t row = 0; row < piece->readings.rows; ++row) {
    const uint64_t hash = piece->device_hash[row];
    const DeviceTable& devices = shards_[ShardOf(hash)]->devices();
    piece->slot[row] = devices.Find(piece->readings.device[row], hash).value_or(kNoSlot);
  }
}

// What a record means depends on the metrics that there were before it, so the tick ends before a
// record that brings a new one: the result does not depend on where ticks end.
size_t Processor::CutWhereMetricsAppear(size_t first_job, int64_t now_us,
                                        std::vector<std::string>* new_metrics) {
  size_t job = first_job;
  while (job < jobs_.size() && pieces_[job]->readings.new_metrics.empty()) ++job;
  if (job == jobs_.size() || metrics_.size() >= kMaxMetrics) return jobs_.size();
  const StageClock::Timer timer(clock_, Stage::kDecode);
  Decoder& decoder = *decoders_.front();
  decoder.SetMetrics(metrics_);
  const RawBatch& batch = *jobs_[job].batch;
  ReadingBatch part;
  // The record is in [low, high); none before it brings a metric.
  size_t low = jobs_[job].begin, high = jobs_[job].end;
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    decoder.Decode(batch, low, middle, now_us, &part);
    (part.new_metrics.empty() ? low : high) = middle;
  }
  decoder.Decode(batch, low, low + 1, now_us, &part);
  *new_metrics = std::move(part.new_metrics);
  if (low > jobs_[job].begin) {
    const auto at = static_cast<std::ptrdiff_t>(job);
    jobs_.insert(jobs_.begin() + at, {&batch, jobs_[job].begin, low, jobs_[job].place});
    pieces_.insert(pieces_.begin() + at, std::make_unique<Piece>());
    DecodeJob(jobs_[job], now_us, &decoder, pieces_[job].get());
    ++job;
    jobs_[job].place += low - jobs_[job].begin;
    jobs_[job].begin = low;
  }
  tick_.clear();
  for (size_t i = first_job; i < job; ++i) tick_.push_back(pieces_[i].get());
  return job;
}

void Processor::AddMetrics(const std::vector<std::string>& names, Epoch* epoch) {
  const size_t before = metrics_.size();
  for (const std::string& name : names) {
    if (metrics_.size() >= kMaxMetrics) break;
    if (std::find(metrics_.begin(), metrics_.end(), name) != metrics_.end()) continue;
    metrics_.push_back(name);
    for (TableColumn& column : layout_->MetricColumns(name)) {
      epoch->rows[kSilver]->AddColumn(column.name, column.type);
      epoch->new_silver_columns.push_back(std::move(column));
    }
  }
  if (metrics_.size() == before) return;
  for (auto& shard : shards_) shard->SetMetrics(metrics_);
}

void Processor::RunShards(bool replayed) {
  const StageClock::Timer timer(clock_, Stage::kState);
  for (Piece* piece : tick_) {
    piece->replayed = replayed;
    piece->fleet_time_before_us = fleet_time_us_;
    fleet_time_us_ = piece->FleetTimeAfter();
  }
  for (auto& shard : shards_) shard->Begin();
  if (MayHaveFleet()) RunFleetBuckets();
  ProcessUntil({static_cast<uint32_t>(tick_.size()), 0}, fleet_time_us_);
  pool_.ParallelFor(kNumShards, [&](size_t i) {
    shards_[i]->Finish();
    if (live_observer_ == nullptr || replayed) return;
    live_observer_->OnReadings(i, tick_, ViewOf(*shards_[i]), metrics_);
  });
}

void Processor::ProcessUntil(Place end, int64_t fleet_time_us) {
  pool_.ParallelFor(kNumShards,
                    [&](size_t i) { shards_[i]->Process(i, tick_, end, fleet_time_us); });
}

// Cutting a tick costs a little at each bucket, so a single device is spared that. The answer may
// depend on the tick, results do not: with so few devices there is no median.
bool Processor::MayHaveFleet() const {
  if (is_part_ || FleetDetectors().empty()) return false;
  size_t devices = num_devices();
  std::vector<uint64_t> seen;
  for (const Piece* piece : tick_) {
    for (const uint64_t device : piece->device_hash) {
      if (devices + seen.size() >= kSmallestFleet) return true;
      if (std::find(seen.begin(), seen.end(), device) == seen.end()) seen.push_back(device);
    }
  }
  return devices + seen.size() >= kSmallestFleet;
}

void Processor::RunFleetBuckets() {
  for (uint32_t i = 0; i < tick_.size(); ++i) {
    const Piece& piece = *tick_[i];
    int64_t clock = piece.fleet_time_before_us;
    if (clock != kNoTime && FleetBucketOf(clock) == FleetBucketOf(piece.FleetTimeAfter())) continue;
    for (uint32_t row = 0; row < piece.readings.rows; ++row) {
      const int64_t before = clock;
      clock = std::max(clock, piece.readings.event_time_us[row]);
      if (before == kNoTime || FleetBucketOf(before) == FleetBucketOf(clock)) continue;
      ProcessUntil({i, row + 1}, clock);
      CompareFleet(FleetBucketOf(before));
    }
  }
}

void Processor::CompareFleet(int64_t bucket) {
  for (const size_t detector : FleetDetectors()) ExchangeFleet(bucket, Instances(detector));
}

std::vector<size_t> Processor::FleetDetectors() const {
  std::vector<size_t> found;
  const auto detectors = shards_.front()->detectors();
  for (size_t i = 0; i < detectors.size(); ++i) {
    if (detectors[i]->ComparesFleet()) found.push_back(i);
  }
  return found;
}

std::vector<Detector*> Processor::Instances(size_t detector) const {
  std::vector<Detector*> instances;
  for (const auto& shard : shards_) instances.push_back(shard->detectors()[detector].get());
  return instances;
}

Status Processor::AdvanceFleet(int64_t fleet_time_us, bool replayed, Epoch* epoch) {
  fleet_time_us_ = std::max(fleet_time_us_, fleet_time_us);
  return Process({}, fleet_time_us, replayed, epoch);
}

std::vector<FleetSamples> Processor::CollectFleet(int64_t bucket) {
  std::vector<FleetSamples> samples;
  for (const size_t detector : FleetDetectors()) {
    samples.emplace_back();
    for (const Detector* instance : Instances(detector)) {
      instance->CollectFleet(bucket, &samples.back());
    }
  }
  return samples;
}

void Processor::LearnFleet(int64_t bucket, std::span<const std::vector<FleetMedian>> medians) {
  const std::vector<size_t> detectors = FleetDetectors();
  for (size_t i = 0; i < std::min(detectors.size(), medians.size()); ++i) {
    for (Detector* instance : Instances(detectors[i])) instance->LearnFleet(bucket, medians[i]);
  }
}

Status Processor::Collect(int64_t now_us, bool replayed, Epoch* epoch) {
  const StageClock::Timer timer(clock_, Stage::kCollect);
  const ShardResult* failed = nullptr;  // the shard of the first record that broke such a rule
  for (const auto& shard : shards_) {
    const ShardResult& result = shard->result();
    if (result.failure.empty()) continue;
    if (failed == nullptr || result.failed_at < failed->failed_at) failed = &result;
  }
  if (failed != nullptr) {
    return Status::Invalid("a quality rule with on_invalid: fail was broken: " + failed->failure);
  }
  pool_.ParallelFor(3, [&](size_t part) {
    if (part == 0 && !replayed) {
      for (const Piece* piece : tick_) AppendBronze(*piece, now_us, &next_sequence_, epoch);
    } else if (part == 1) {
      for (const Piece* piece : tick_) AppendSilver(*piece, epoch);
    } else if (part == 2) {
      for (const auto& shard : shards_) {
        const ShardResult& result = shard->result();
        epoch->rows[kAnomalies]->AppendAll(result.anomalies);
        if (live_observer_ != nullptr && !replayed) live_observer_->OnAnomalies(result.anomalies);
        epoch->rows[kDeviceStats]->AppendAll(result.device_stats);
        epoch->amended_stats->AppendAll(result.amended_stats);
        epoch->rows[kDeviceHealth]->AppendAll(result.device_health);
        epoch->amended_health->AppendAll(result.amended_health);
        if (!replayed) AppendQuarantine(result.dropped, now_us, epoch);
      }
      if (replayed) return;
      for (const Piece* piece : tick_) AppendQuarantine(piece->readings.rejected, now_us, epoch);
    }
  });
  return Status::Ok();
}

void Processor::CollectAlerts(bool replayed, Epoch* epoch) {
  std::vector<AlertChange> changes;
  std::vector<FleetMark> marks;
  for (const auto& shard : shards_) {
    DeviceAlerts& alerts = shard->alerts();
    std::move(alerts.changes().begin(), alerts.changes().end(), std::back_inserter(changes));
    marks.insert(marks.end(), alerts.fleet_marks().begin(), alerts.fleet_marks().end());
  }
  std::sort(marks.begin(), marks.end());
  if (!is_part_ && fleet_time_us_ != kNoTime) {
    fleet_alerts_.Process(marks, fleet_time_us_, &changes);
  }
  if (changes.empty()) return;
  SortChanges(&changes);
  for (const AlertChange& change : changes) AppendAlert(change, epoch);
  if (alert_sink_ && (!replayed || sink_takes_replayed_)) alert_sink_(changes);
  if (live_observer_ != nullptr && !replayed) live_observer_->OnAlerts(changes);
}

void Processor::Count(bool replayed) {
  for (const auto& shard : shards_) {
    const ShardResult& result = shard->result();
    for (size_t i = 0; i < kNumQualityRules; ++i) violations_[i] += result.violations[i];
    if (replayed) continue;
    totals_.duplicates += result.duplicates;
    totals_.accepted -= result.duplicates;
    totals_.late += result.late;
    totals_.dropped += result.dropped.size();
    totals_.anomalies += result.anomalies.rows();
  }
  if (replayed) {
    for (const Piece* piece : tick_) replay_rejects_ += piece->readings.rejected.size();
    return;
  }
  for (const Piece* piece : tick_) {
    totals_.received += piece->readings.rows + piece->readings.rejected.size();
    totals_.accepted += piece->readings.rows;
    totals_.quarantined += piece->readings.rejected.size();
  }
}

void Processor::set_live_observer(LiveObserver* observer) {
  live_observer_ = observer;
  if (observer == nullptr) return;
  for (size_t i = 0; i < kNumShards; ++i) {
    observer->OnReadings(i, {}, ViewOf(*shards_[i]), metrics_);
  }
}

void Processor::set_decisions(const Decisions& decisions) {
  alert_gates_ = AlertGates(decisions.gates);
  resets_ = decisions.resets;
  TellShardsOfDecisions();
}

void Processor::TellShardsOfDecisions() {
  for (const auto& shard : shards_) {
    shard->alerts().set_gates(&alert_gates_);
    shard->SetResets(resets_);
  }
}

void Processor::FlushHours(Epoch* epoch) {
  for (const auto& shard : shards_) {
    ShardResult& result = shard->result();
    result.device_stats.Clear();
    result.amended_stats.Clear();
    result.device_health.Clear();
    result.amended_health.Clear();
    shard->FlushHours();
    epoch->rows[kDeviceStats]->AppendAll(result.device_stats);
    epoch->amended_stats->AppendAll(result.amended_stats);
    epoch->rows[kDeviceHealth]->AppendAll(result.device_health);
    epoch->amended_health->AppendAll(result.amended_health);
  }
}

size_t Processor::num_devices() const {
  size_t total = 0;
  for (const auto& shard : shards_) total += shard->devices().size();
  return total;
}

size_t Processor::StateBytes() const {
  size_t total = 0;
  for (const auto& shard : shards_) total += shard->StateBytes();
  return total;
}

Status Processor::SaveState(const SnapshotHeader& header, SnapshotWriter* out) {
  AVOCET_RETURN_IF_ERROR(out->Begin(header, kNumShards + 1));
  StateWriter state;
  for (const auto& shard : shards_) {
    state.Clear();
    shard->Save(&state);
    AVOCET_RETURN_IF_ERROR(out->AddShard(state.bytes()));
  }
  state.Clear();
  fleet_alerts_.Save(&state);
  AVOCET_RETURN_IF_ERROR(out->AddShard(state.bytes()));
  return out->End();
}

Status Processor::LoadState(const SnapshotReader& snapshot) {
  if (snapshot.num_shards() != kNumShards + 1) {
    return Status::Corrupt("the number of shards does not match");
  }
  const std::vector<std::string>& metrics = snapshot.header().metrics;
  std::vector<std::unique_ptr<Shard>> loaded(kNumShards);
  std::vector<Status> statuses(kNumShards);
  std::mutex reading;
  pool_.ParallelFor(kNumShards, [&](size_t i) {
    const auto bytes = [&] {
      const std::lock_guard lock(reading);
      return snapshot.ReadShard(i);
    }();
    statuses[i] = bytes.status();
    if (!bytes.ok()) return;
    loaded[i] = std::make_unique<Shard>(*config_, metrics);
    if (observer_ != nullptr) loaded[i]->Observe();
    StateReader reader(*bytes);
    statuses[i] = loaded[i]->Load(&reader);
  });
  for (const Status& status : statuses) AVOCET_RETURN_IF_ERROR(status);
  FleetAlerts fleet_alerts(&config_->alerts.rules);
  AVOCET_ASSIGN_OR_RETURN(const std::string fleet_bytes, snapshot.ReadShard(kNumShards));
  StateReader fleet(fleet_bytes);
  AVOCET_RETURN_IF_ERROR(fleet_alerts.Load(&fleet));
  fleet_alerts_ = std::move(fleet_alerts);
  shards_ = std::move(loaded);
  TellShardsOfDecisions();
  metrics_ = metrics;
  fleet_time_us_ = snapshot.header().fleet_time_us;
  return Status::Ok();
}

int64_t Processor::OldestOpenHour() const {
  int64_t oldest = std::numeric_limits<int64_t>::max();
  for (const auto& shard : shards_) oldest = std::min(oldest, shard->OldestOpenHour());
  return oldest;
}

void Processor::MarkHourWritten(std::string_view device, std::string_view metric, int64_t hour_us,
                                uint32_t count, uint32_t anomalies, uint32_t late) {
  shards_[ShardOf(DeviceHash(device))]->MarkHourWritten(device, metric, hour_us, count, anomalies,
                                                        late);
}

void Processor::MarkHealthWritten(std::string_view device, int64_t hour_us, int64_t until_us,
                                  uint32_t readings, uint32_t anomalies) {
  shards_[ShardOf(DeviceHash(device))]->MarkHealthWritten(device, hour_us, until_us, readings,
                                                          anomalies);
}

}  // namespace avocet
