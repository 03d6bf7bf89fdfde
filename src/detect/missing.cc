#include "src/detect/missing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/spoken_time.h"
#include "src/base/time_format.h"
#include "src/detect/deadline_index.h"
#include "src/detect/detector_params.h"
#include "src/detect/maintenance_calendar.h"
#include "src/detect/reporting_clock.h"
#include "src/detect/series_store.h"
#include "src/detect/snapshot_header.h"

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kTag = "missing/1";

constexpr DetectorParam kParams[] = {
    {"periods", DetectorParam::Kind::kNumber, 6, 1, 1e6,
     "Raise after so many periods without a reading."},
    {"period", DetectorParam::Kind::kDuration, 0, 0, 86400.0 * 365,
     "Expected time between two readings; 0: learned from each device."},
};

constexpr DetectorSpec kSpec = {
    .name = "missing",
    .summary = "A device that has not reported for several of its usual periods.",
    .source = "",
    .params = kParams,
};

// The clocks of all devices, for one metric or for readings of any.
struct Watch {
  uint16_t metric = kWholeDevice;
  SeriesStore<ReportingClock> clocks{0};
  DeadlineIndex deadlines;

  void Grow(size_t num_slots) {
    if (num_slots <= clocks.num_slots()) return;
    clocks.Grow(num_slots);
    deadlines.Grow(num_slots);
  }
};

class MissingDetector final : public Detector {
 public:
  MissingDetector(const DetectorParams& params, const DetectorConfig& config,
                  std::span<const std::string> metrics)
      : silence_{params.Number("periods"), params.DurationUs("period")}, config_(config) {
    SetMetrics(metrics);
  }

  void Process(const KeyedBatch& batch, AnomalySink* out) override {
    for (Watch& watch : watches_) {
      watch.Grow(batch.num_slots);
      if (watch.metric == kWholeDevice) {
        ProcessRows(batch, nullptr, &watch, out);
      } else if (watch.metric < batch.metrics.size() && !batch.metrics[watch.metric].empty()) {
        ProcessRows(batch, batch.metrics[watch.metric].data(), &watch, out);
      }
    }
  }

  void Advance(int64_t fleet_time_us, AnomalySink* out) override {
    for (Watch& watch : watches_) {
      watch.deadlines.Advance(fleet_time_us, watch.clocks.num_slots(), [&](size_t slot) {
        const auto of_device = static_cast<uint32_t>(slot);
        ReportingClock& clock = watch.clocks.state(of_device);
        if (!clock.IsOverdue(fleet_time_us)) return clock.fleet_deadline_us();
        const Due due = DueOf(clock, of_device, watch.metric);
        if (due.fleet_us > fleet_time_us) return due.fleet_us;
        Raise(watch.metric, of_device, kNoRow, due.own_us, due.fleet_us, &clock, out);
        return kNever;
      });
    }
  }

  void SetMetrics(std::span<const std::string> names) override {
    metrics_ = config_.metrics.empty() ? std::vector<uint16_t>{kWholeDevice}
                                       : SelectMetrics(config_, names);
    while (watches_.size() < metrics_.size()) {
      watches_.emplace_back().metric = metrics_[watches_.size()];
    }
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const override {
    const std::string subject = anomaly.metric == kWholeDevice
                                    ? std::string("the device sent no reading")
                                    : fmt::format("the device sent no {}", metric_label);
    const std::string period =
        silence_.fixed_period_us == 0
            ? std::string("of its usual periods")
            : fmt::format("periods of {}", FormatDuration(silence_.fixed_period_us));
    return fmt::format("{} for {:.6g} {}; it was due by {}", subject, silence_.periods, period,
                       SpokenTime(anomaly.event_time_us));
  }

  size_t StateBytes() const override {
    size_t bytes = 0;
    for (const Watch& watch : watches_) {
      bytes += watch.clocks.StateBytes() + watch.deadlines.Bytes();
    }
    return bytes;
  }

  void Save(StateWriter* out) const override {
    SaveHeader(out, kTag, 0, metrics_);
    for (const Watch& watch : watches_) watch.clocks.Save(out);
  }

  Status Load(StateReader* in) override {
    AVOCET_ASSIGN_OR_RETURN(const size_t num_saved, LoadHeader(in, kTag, 0, metrics_));
    std::vector<Watch> loaded(metrics_.size());
    for (size_t i = 0; i < loaded.size(); ++i) {
      Watch& watch = loaded[i];
      watch.metric = metrics_[i];
      if (i >= num_saved) continue;
      AVOCET_RETURN_IF_ERROR(watch.clocks.Load(
          in, [](const ReportingClock& clock, const double*) { return clock.IsPlausible(); }));
      watch.deadlines.Grow(watch.clocks.num_slots());
      for (size_t slot = 0; slot < watch.clocks.num_slots(); ++slot) {
        const auto& clock = watch.clocks.state(static_cast<uint32_t>(slot));
        watch.deadlines.Lower(slot, clock.fleet_deadline_us());
      }
    }
    watches_ = std::move(loaded);
    return Status::Ok();
  }

 private:
  // `values`: readings without a value do not count; null: all do.
  void ProcessRows(const KeyedBatch& batch, const double* values, Watch* watch, AnomalySink* out) {
    for (size_t row = 0; row < batch.rows; ++row) {
      if (batch.late[row] != 0) continue;
      const uint32_t slot = batch.slots[row];
      const int64_t time_us = batch.event_time_us[row];
      const int64_t fleet_time_us = batch.fleet_time_us[row];
      ReportingClock& clock = watch->clocks.state(slot);
      if (clock.IsOverdue(fleet_time_us, time_us)) {
        const Due due = DueOf(clock, slot, watch->metric);
        if (due.fleet_us <= fleet_time_us || due.own_us <= time_us) {
          const int64_t revealed_us = std::min(due.fleet_us, std::max(fleet_time_us, time_us));
          Raise(watch->metric, slot, static_cast<uint32_t>(row), due.own_us, revealed_us, &clock,
                out);
        }
      }
      // A reading without the metric says what time it is, no more.
      if (values != nullptr && std::isnan(values[row])) continue;
      clock.Report(time_us, fleet_time_us, silence_);
      watch->deadlines.Lower(slot, clock.fleet_deadline_us());
    }
  }

  // The deadlines of a clock when time in maintenance does not count.
  struct Due {
    int64_t own_us = 0;
    int64_t fleet_us = 0;
  };
  Due DueOf(const ReportingClock& clock, uint32_t slot, uint16_t metric) const {
    const int64_t own_us = clock.deadline_us();
    const int64_t delay_us =
        maintenance() == nullptr ? 0 : maintenance()->Delay(slot, metric, clock.last_us(), own_us);
    return {SaturatingAdd(own_us, delay_us), SaturatingAdd(clock.fleet_deadline_us(), delay_us)};
  }

  static void Raise(uint16_t metric, uint32_t slot, uint32_t revealed_by, int64_t due_us,
                    int64_t revealed_us, ReportingClock* clock, AnomalySink* out) {
    out->push_back({.slot = slot,
                    .row = kNoRow,
                    .metric = metric,
                    .severity = Severity::kWarning,
                    .event_time_us = due_us,
                    .value = kNone,
                    .expected = kNone,
                    .lower = kNone,
                    .upper = kNone,
                    .score = 1,
                    .reason = "no_reading",
                    .revealed_by = revealed_by,
                    .revealed_us = revealed_us});
    clock->Disarm();
  }

  const Silence silence_;
  const DetectorConfig config_;
  std::vector<uint16_t> metrics_;
  std::vector<Watch> watches_;  // one per entry of metrics_
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<MissingDetector>(DetectorParams(config, kSpec), config, metrics);
}

}  // namespace

const DetectorType& MissingType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
