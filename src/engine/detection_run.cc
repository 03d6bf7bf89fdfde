#include "src/engine/detection_run.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

// Puts the judgements of all shards and detectors back into the order of arrival.
class DetectionRun::Collector final : public TickObserver {
 public:
  Collector(OnScored on_reading, DetectionReport* report)
      : on_reading_(std::move(on_reading)), report_(report) {}

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

  const OnScored on_reading_;
  DetectionReport* report_;
  std::vector<JudgedReading> judged_;
  size_t next_ = 0;
  Status status_;
};

DetectionRun::DetectionRun(Config config, Env* env, OnScored on_reading)
    : collector_(std::make_unique<Collector>(std::move(on_reading), &report_)),
      engine_(std::move(config), env) {
  engine_.processor().ObserveWith(collector_.get());
}

DetectionRun::~DetectionRun() = default;

Status DetectionRun::Process(const std::vector<RawBatch>& batches) {
  engine_.ClearRows();
  AVOCET_RETURN_IF_ERROR(engine_.Process(batches, kNoFuture, /*replayed=*/false));
  const ColumnBatch& rejected = *engine_.rows().rows[kQuarantine];
  if (report_.first_rejection.empty() && rejected.rows() > 0) {
    report_.first_rejection = rejected.column(quarantine::kMessage).BytesAt(0);
  }
  return collector_->status();
}

DetectionReport DetectionRun::Report() const {
  DetectionReport report = report_;
  const Totals& totals = engine_.processor().totals();
  report.received = totals.received;
  report.quarantined = totals.quarantined + totals.dropped;
  report.duplicates = totals.duplicates;
  report.devices = engine_.processor().num_devices();
  return report;
}

}  // namespace avocet
