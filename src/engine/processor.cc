#include "src/engine/processor.h"

#include <algorithm>
#include <atomic>

namespace avocet {
namespace {

// Records that one thread decodes at a time: enough to amortise, few enough to share a tick.
constexpr size_t kRecordsPerJob = 2048;
// A schema evolves up to so many metrics; later fields stay in the bronze payload only.
constexpr size_t kMaxMetrics = 1024;

}  // namespace

Processor::Processor(const Config& config, const LakeTables& tables, size_t num_threads,
                     StageClock* clock)
    : config_(&config),
      tables_(&tables),
      clock_(clock),
      pool_(num_threads),
      metrics_(ConfiguredMetrics(config)) {
  for (size_t i = 0; i < kNumShards; ++i) {
    shards_.push_back(std::make_unique<Shard>(config, metrics_));
  }
}

Status Processor::Process(const std::vector<RawBatch>& batches, int64_t now_us, bool replayed,
                          Epoch* epoch) {
  Decode(batches, now_us);
  while (Evolve(epoch)) Decode(batches, now_us);
  RunShards(replayed);
  AVOCET_RETURN_IF_ERROR(Collect(now_us, replayed, epoch));
  Count(batches, replayed);
  epoch->totals = totals_;
  return Status::Ok();
}

void Processor::Decode(const std::vector<RawBatch>& batches, int64_t now_us) {
  const StageClock::Timer timer(clock_, Stage::kDecode);
  jobs_.clear();
  for (const RawBatch& batch : batches) {
    size_t begin = 0;
    do {
      const size_t end = std::min(begin + kRecordsPerJob, batch.records.size());
      jobs_.push_back({&batch, begin, end});
      begin = end;
    } while (begin < batch.records.size());
  }
  while (pieces_.size() < jobs_.size()) pieces_.push_back(std::make_unique<Piece>());
  while (decoders_.size() < std::min(jobs_.size(), pool_.num_threads())) {
    decoders_.push_back(MakeDecoder(config_->schema));
  }
  // Each worker keeps one decoder and takes jobs from the common list.
  std::atomic<size_t> next = 0;
  pool_.ParallelFor(std::min(decoders_.size(), jobs_.size()), [&](size_t worker) {
    Decoder& decoder = *decoders_[worker];
    decoder.SetMetrics(metrics_);
    for (size_t i = next++; i < jobs_.size(); i = next++) {
      Piece& piece = *pieces_[i];
      decoder.Decode(*jobs_[i].batch, jobs_[i].begin, jobs_[i].end, now_us, &piece.readings);
      piece.Prepare(metrics_.size());
    }
  });
  tick_.clear();
  for (size_t i = 0; i < jobs_.size(); ++i) tick_.push_back(pieces_[i].get());
}

bool Processor::Evolve(Epoch* epoch) {
  const size_t before = metrics_.size();
  for (const Piece* piece : tick_) {
    for (const std::string& name : piece->readings.new_metrics) {
      if (metrics_.size() >= kMaxMetrics) break;
      if (std::find(metrics_.begin(), metrics_.end(), name) != metrics_.end()) continue;
      metrics_.push_back(name);
      for (TableColumn& column : tables_->MetricColumns(name)) {
        epoch->rows[kSilver]->AddColumn(column.name, column.type);
        epoch->new_silver_columns.push_back(std::move(column));
      }
    }
  }
  if (metrics_.size() == before) return false;
  for (auto& shard : shards_) shard->SetMetrics(metrics_);
  return true;
}

void Processor::RunShards(bool replayed) {
  const StageClock::Timer timer(clock_, Stage::kState);
  for (Piece* piece : tick_) {
    piece->replayed = replayed;
    piece->fleet_time_before_us = fleet_time_us_;
    fleet_time_us_ = piece->FleetTimeAfter();
  }
  pool_.ParallelFor(kNumShards, [&](size_t i) { shards_[i]->Process(i, tick_, fleet_time_us_); });
}

Status Processor::Collect(int64_t now_us, bool replayed, Epoch* epoch) {
  const StageClock::Timer timer(clock_, Stage::kCollect);
  for (const auto& shard : shards_) {
    if (!shard->result().failure.empty()) {
      return Status::Invalid("a quality rule with on_invalid: fail was broken: " +
                             shard->result().failure);
    }
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
        epoch->rows[kDeviceStats]->AppendAll(result.device_stats);
        epoch->amended_stats->AppendAll(result.amended_stats);
        if (!replayed) AppendQuarantine(result.dropped, now_us, epoch);
      }
      if (replayed) return;
      for (const Piece* piece : tick_) AppendQuarantine(piece->readings.rejected, now_us, epoch);
    }
  });
  return Status::Ok();
}

void Processor::Count(const std::vector<RawBatch>& batches, bool replayed) {
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
  for (const RawBatch& batch : batches) totals_.empty += batch.empty_records;
}

void Processor::FlushHours(Epoch* epoch) {
  for (const auto& shard : shards_) {
    ShardResult& result = shard->result();
    result.device_stats.Clear();
    result.amended_stats.Clear();
    shard->FlushHours();
    epoch->rows[kDeviceStats]->AppendAll(result.device_stats);
    epoch->amended_stats->AppendAll(result.amended_stats);
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

std::vector<std::string> Processor::SaveShards() {
  std::vector<std::string> states(kNumShards);
  pool_.ParallelFor(kNumShards, [&](size_t i) {
    StateWriter writer;
    shards_[i]->Save(&writer);
    states[i] = writer.Take();
  });
  return states;
}

Status Processor::LoadShards(const std::vector<std::string>& metrics, int64_t fleet_time_us,
                             const std::vector<std::string_view>& shards) {
  if (shards.size() != kNumShards) return Status::Corrupt("the number of shards does not match");
  std::vector<std::unique_ptr<Shard>> loaded(kNumShards);
  std::vector<Status> statuses(kNumShards);
  pool_.ParallelFor(kNumShards, [&](size_t i) {
    loaded[i] = std::make_unique<Shard>(*config_, metrics);
    StateReader reader(shards[i]);
    statuses[i] = loaded[i]->Load(&reader);
  });
  for (const Status& status : statuses) AVOCET_RETURN_IF_ERROR(status);
  shards_ = std::move(loaded);
  metrics_ = metrics;
  fleet_time_us_ = fleet_time_us;
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

}  // namespace avocet
