// Shard: all keyed state of one sixteenth of the devices, and the function from readings to
// results.
//
// One thread at a time. The outcome depends only on the order of each device's readings and on the
// fleet's clock, never on how rows are cut into ticks. A tick is Begin, Process once or several
// times, Finish.
#pragma once

#include <array>
#include <compare>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/alert/device_alerts.h"
#include "src/config/config.h"
#include "src/detect/detector.h"
#include "src/detect/maintenance_calendar.h"
#include "src/detect/peer_groups.h"
#include "src/engine/piece.h"
#include "src/model/column_batch.h"
#include "src/model/table_spec.h"
#include "src/state/device_health.h"
#include "src/state/device_table.h"
#include "src/state/hourly_stats.h"
#include "src/state/quality_rules.h"
#include "src/state/recent_records.h"
#include "src/state/rolling_windows.h"
#include "src/state/series_resets.h"

namespace avocet {

/// A row of a piece; ordered by arrival.
struct Place {
  uint32_t piece = 0;
  uint32_t row = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// What one detector made of one reading.
struct JudgedReading {
  Place place;
  size_t detector = 0;  ///< index in the configuration
  bool onset = false;   ///< an anomaly begins with it
  Judgement judgement;
};

/// What a shard found in one tick. Cleared by Begin.
struct ShardResult {
  ColumnBatch anomalies;
  ColumnBatch device_stats;
  ColumnBatch amended_stats;  ///< keys (device_id, metric, hour) of rows to replace
  ColumnBatch device_health;
  ColumnBatch amended_health;           ///< keys (device_id, hour) of rows to replace
  std::vector<RejectedRecord> dropped;  ///< quality rules with action drop
  uint64_t duplicates = 0;
  uint64_t late = 0;
  std::array<uint64_t, kNumQualityRules> violations{};
  std::string failure;  ///< a rule with action fail was broken; the tick must not be committed
  Place failed_at;      ///< by which record, the first one
  // Only while observed.
  std::vector<JudgedReading> judged;
  std::vector<Anomaly> absences;  ///< anomalies that no reading brought
};

class Shard {
 public:
  Shard(const Config& config, std::span<const std::string> metrics);

  /// More metrics exist.
  void SetMetrics(std::span<const std::string> metrics);

  /// From now on results also say what detectors make of every reading.
  void Observe();

  /// A tick begins.
  void Begin();

  /// Processes the next of the shard's rows of `pieces` (index `shard` of their shard_rows) that
  /// come before `end`, in order, then tells the detectors that the fleet's clock stands at
  /// `fleet_time_us`.
  void Process(size_t shard, std::span<Piece* const> pieces, Place end, int64_t fleet_time_us);

  /// A tick ends: emits the hours that it closed.
  void Finish();

  /// The stream ends: writes rows of hours that are open into the result.
  void FlushHours();

  ShardResult& result() { return result_; }
  const DeviceTable& devices() const { return devices_; }
  /// In the order of the configuration.
  std::span<const std::unique_ptr<Detector>> detectors() const { return detectors_; }

  int64_t OldestOpenHour() const { return hours_.OldestOpenHour(); }
  void MarkHourWritten(std::string_view device, std::string_view metric, int64_t hour_us,
                       uint32_t count, uint32_t anomalies, uint32_t late);
  void MarkHealthWritten(std::string_view device, int64_t hour_us, int64_t until_us,
                         uint32_t readings, uint32_t anomalies);

  DeviceAlerts& alerts() { return alerts_; }

  /// Resets of what detectors have muted, of any devices.
  void SetResets(std::span<const SeriesReset> resets);

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  /// An anomaly, by which detector, and its row among the shard's anomalies.
  struct Verdict {
    Anomaly anomaly;
    uint16_t detector = 0;
    size_t row = 0;
  };

  void ProcessRow(Piece* piece, Place place);
  /// Counts `reading_` in its hour; returns the time for which it stands.
  int64_t AddToHour(uint32_t slot, int64_t time_us, int64_t previous_us, bool invalid);
  /// Hands `reading_` on as a row of the batch that the detectors judge.
  void AddToDetectors(const Piece& piece, Place place, uint32_t slot, int64_t stands_for_us);
  void Judge(std::span<Piece* const> pieces, int64_t fleet_time_us);
  void AppendJudgements(size_t detector);
  void AppendAnomaly(std::span<Piece* const> pieces, size_t detector, const Anomaly& anomaly);
  /// Tells the rules what the detectors found, in the order in which it happened.
  void TellAlerts();
  void TellAlert(const Verdict& verdict);
  void AppendHourRows();
  void AppendHealthRows();
  /// Counts the time for which readings stand that are part of an anomaly.
  void AddAnomalousTime();
  void CloseHoursIfDue(uint32_t slot);
  void Quarantine(const Piece& piece, uint32_t row, std::span<const Violation> violations);

  std::vector<std::string> metrics_;
  std::vector<std::string> metric_labels_;
  const Config* config_;

  DeviceTable devices_;
  RecentRecords recent_;
  QualityRules rules_;
  RollingWindows windows_;
  HourlyStats hours_;
  MaintenanceCalendar maintenance_;
  PeerGroups peers_;
  SeriesResets resets_;
  DeviceHealth health_;
  std::vector<std::string> detector_names_;
  std::vector<std::unique_ptr<Detector>> detectors_;
  DeviceAlerts alerts_;

  ShardResult result_;

  uint32_t next_piece_ = 0;  // of the tick: where Process goes on
  size_t next_row_ = 0;      // among the shard's rows of that piece

  // Scratch of one Process call: the shard's rows that reach the detectors, as columns.
  std::vector<Place> places_;
  std::vector<uint32_t> slots_;
  std::vector<int64_t> times_;
  std::vector<int64_t> fleet_times_;
  std::vector<uint8_t> late_;
  std::vector<int64_t> stands_for_us_;  // how long each reading stands for its device
  std::vector<uint8_t> anomalous_;
  std::vector<std::vector<double>> values_;  // [metric][row]
  std::vector<double> reading_;
  std::vector<double> reading_means_;
  std::string text_;  // scratch
  std::vector<Violation> violations_;
  AnomalySink anomalies_;
  JudgementSink judgements_;
  bool observed_ = false;
  std::vector<Verdict> verdicts_;
  std::vector<HourRow> hour_rows_;
  std::vector<EndedHour> ended_hours_;
  std::vector<HealthRow> health_rows_;
  std::vector<uint32_t> touched_;  // slots whose hours may close
};

}  // namespace avocet
