#include "src/engine/detection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <tuple>
#include <vector>

#include "src/engine/builtin_components.h"
#include "src/engine/owned_lake.h"

namespace avocet {
namespace {

// Fixed, as silences are reported at the end of the tick in which they become known.
constexpr PollLimits kTickLimits{
    .max_records = 4096, .max_bytes = size_t{4} << 20, .wait = std::chrono::milliseconds(50)};
constexpr int64_t kNoFuture = std::numeric_limits<int64_t>::max() / 2;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Puts the judgements of all shards and detectors back into the order of arrival.
class Collector final : public TickObserver {
 public:
  Collector(const std::function<Status(const ScoredReading&)>& on_reading, DetectionReport* report)
      : on_reading_(on_reading), report_(report) {}

  const Status& status() const { return status_; }

  void OnTick(std::span<Piece* const> pieces, std::span<const std::string> metrics,
              std::span<const std::unique_ptr<Shard>> shards) override {
    judged_.clear();
    for (const auto& shard : shards) {
      const auto& found = shard->result().judged;
      judged_.insert(judged_.end(), found.begin(), found.end());
    }
    std::sort(judged_.begin(), judged_.end(), [](const auto& a, const auto& b) {
      return std::tuple(a.place, a.judgement.metric, -a.judgement.score, a.detector) <
             std::tuple(b.place, b.judgement.metric, -b.judgement.score, b.detector);
    });
    next_ = 0;
    for (uint32_t i = 0; i < pieces.size(); ++i) AddPiece(*pieces[i], i, metrics);
    for (const auto& shard : shards) {
      for (const Anomaly& absence : shard->result().absences) AddAbsence(*shard, absence, metrics);
    }
  }

 private:
  void AddPiece(const Piece& piece, uint32_t index, std::span<const std::string> metrics) {
    for (uint32_t row = 0; row < piece.readings.rows; ++row) {
      if (piece.fate[row] != RowFate::kKept) continue;
      ScoredReading reading;
      reading.device = piece.readings.device[row];
      reading.event_time_us = piece.readings.event_time_us[row];
      for (size_t metric = 0; metric < metrics.size(); ++metric) {
        reading.metric = metrics[metric];
        reading.value = piece.readings.metrics[metric][row];
        const bool judged = FillIn({index, row}, static_cast<uint16_t>(metric), &reading);
        if (judged || !std::isnan(reading.value)) Emit(reading);
      }
      // What detectors of several metrics say of the whole record.
      reading.metric = {};
      reading.value = kNone;
      if (FillIn({index, row}, kWholeDevice, &reading)) Emit(reading);
    }
  }

  // False: nobody judged it. The first of several judgements says most.
  bool FillIn(Place place, uint16_t metric, ScoredReading* reading) {
    reading->expected = reading->lower = reading->upper = kNone;
    reading->score = reading->severity = 0;
    reading->type = {};
    reading->onset = false;
    const auto is_before = [&](const JudgedReading& judged) {
      return std::tuple(judged.place, judged.judgement.metric) < std::tuple(place, metric);
    };
    while (next_ < judged_.size() && is_before(judged_[next_])) ++next_;
    bool found = false;
    for (; next_ < judged_.size(); ++next_) {
      const JudgedReading& judged = judged_[next_];
      if (judged.place != place || judged.judgement.metric != metric) break;
      if (!found) {
        reading->expected = judged.judgement.expected;
        reading->lower = judged.judgement.lower;
        reading->upper = judged.judgement.upper;
        reading->score = judged.judgement.score;
        reading->type = judged.judgement.type;
      }
      reading->severity = std::max(reading->severity, judged.judgement.severity);
      reading->onset = reading->onset || judged.onset;
      found = true;
    }
    return found;
  }

  void AddAbsence(const Shard& shard, const Anomaly& anomaly,
                  std::span<const std::string> metrics) {
    const bool whole_device = anomaly.metric == kWholeDevice;
    Emit({.device = shard.devices().name(anomaly.slot),
          .event_time_us = anomaly.event_time_us,
          .metric = whole_device ? std::string_view() : std::string_view(metrics[anomaly.metric]),
          .value = kNone,
          .expected = kNone,
          .lower = kNone,
          .upper = kNone,
          .score = anomaly.score,
          .severity = anomaly.score,
          .type = anomaly.reason,
          .onset = true});
  }

  void Emit(const ScoredReading& reading) {
    if (!status_.ok()) return;
    report_->values += std::isnan(reading.value) ? 0 : 1;
    report_->anomalies += reading.onset ? 1 : 0;
    status_ = on_reading_(reading);
  }

  const std::function<Status(const ScoredReading&)>& on_reading_;
  DetectionReport* report_;
  std::vector<JudgedReading> judged_;
  size_t next_ = 0;
  Status status_;
};

Status Drain(Source* source, const Collector& collector,
             const std::function<Status(const std::vector<RawBatch>&)>& process) {
  AVOCET_RETURN_IF_ERROR(source->Open({}));
  PollState state = PollState::kMore;
  while (state != PollState::kEnd) {
    std::vector<RawBatch> batches;
    AVOCET_ASSIGN_OR_RETURN(state, source->Poll(kTickLimits, &batches));
    if (batches.empty()) continue;
    AVOCET_RETURN_IF_ERROR(process(batches));
    AVOCET_RETURN_IF_ERROR(collector.status());
  }
  return Status::Ok();
}

}  // namespace

Result<DetectionReport> Detect(const Config& config, Env* env,
                               const std::function<Status(const ScoredReading&)>& on_reading) {
  DetectionReport report;
  Collector collector(on_reading, &report);
  const LakeTables tables = LakeTables::WithoutLake(config);
  StageClock clock(env);
  Processor processor(config, tables, NumThreads(config), &clock);
  processor.ObserveWith(&collector);
  std::unique_ptr<Epoch> epoch;
  const auto process = [&](const std::vector<RawBatch>& batches) {
    epoch = MakeEpoch(tables, processor.metrics(), 0, 0, std::move(epoch));
    AVOCET_RETURN_IF_ERROR(processor.Process(batches, kNoFuture, /*replayed=*/false, epoch.get()));
    const ColumnBatch& rejected = *epoch->rows[kQuarantine];
    if (report.first_rejection.empty() && rejected.rows() > 0) {
      report.first_rejection = rejected.column(quarantine::kMessage).BytesAt(0);
    }
    return Status::Ok();
  };
  for (const SourceConfig& source : config.sources) {
    const auto made = MakeSource(source, {.config = &config, .once = true, .env = env});
    AVOCET_RETURN_IF_ERROR(Drain(made.get(), collector, process));
  }
  report.received = processor.totals().received;
  report.quarantined = processor.totals().quarantined + processor.totals().dropped;
  report.duplicates = processor.totals().duplicates;
  report.devices = processor.num_devices();
  return report;
}

}  // namespace avocet
