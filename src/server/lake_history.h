// LakeHistory: what the dashboard shows of the past, read from the tables.
//
// Has handles of its own, so that reading never waits for a commit nor delays one. Calls are
// serialised inside and take as long as the disk does: not for threads that serve requests.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/config/config.h"
#include "src/engine/alert_trial.h"
#include "src/engine/device_lives.h"
#include "src/engine/health_ranking.h"
#include "src/engine/lake_tables.h"
#include "src/engine/late_rows.h"
#include "src/env/env.h"
#include "src/server/anomaly_row.h"
#include "src/server/series_buckets.h"

namespace avocet {

struct CommitSummary {
  int64_t version = 0;
  int64_t time_ms = 0;
  std::string operation;
  int64_t files_added = 0;
  int64_t files_removed = 0;
  int64_t rows_added = 0;
  int64_t bytes_added = 0;
};

struct TableSummary {
  std::string name;       ///< "bronze"
  std::string full_name;  ///< "iot_catalog.raw.sensor_readings"
  std::string description;
  int64_t version = 0;
  int64_t files = 0;
  int64_t small_files = 0;  ///< below an eighth of the target size
  int64_t size_bytes = 0;
  int64_t rows = 0;
  std::vector<TableColumn> columns;
  std::vector<CommitSummary> commits;  ///< newest first
};

/// A row of bronze.
struct StoredRecord {
  int64_t event_time_us = 0;
  int64_t received_us = 0;
  int64_t sequence = 0;
  int64_t epoch = 0;
  std::string payload;  ///< a JSON object
  std::string source;
  std::string partition;
  int64_t offset = 0;
};

struct QuarantineReason {
  std::string code;
  int64_t count = 0;
  int64_t newest_us = 0;
  std::string message;   ///< of the newest record
  std::string sample;    ///< the beginning of its payload; may be any bytes
  std::string position;  ///< where it came from
};

struct QuarantineSummary {
  int64_t rows = 0;      ///< in the table
  int64_t examined = 0;  ///< the newest ones, of which the reasons were counted
  std::vector<QuarantineReason> reasons;
};

/// How a device has been, and what it is on its way to.
struct DevicePast {
  std::vector<HealthHour> hours;      ///< oldest first
  std::vector<LimitForecast> limits;  ///< seen from the end of its newest hour
  std::optional<RulEstimate> life;    ///< by the model of failures on record
};

class LakeHistory {
 public:
  /// `config` is copied; `env` is borrowed.
  LakeHistory(Config config, Env* env) : config_(std::move(config)), env_(env) {}

  /// Adds the readings of a device with from_us <= event time < to_us that were in time; metrics
  /// that the table does not have are left out.
  Status AddReadings(const std::string& device, const std::vector<std::string>& metrics,
                     int64_t from_us, int64_t to_us, SeriesBuckets* out);

  /// Readings that came late.
  Result<LateRows> Late(const LateFilter& filter);

  /// Records of a device with from_us <= event time < to_us, newest event time first, up to
  /// `limit`.
  Result<std::vector<StoredRecord>> Records(const std::string& device, int64_t from_us,
                                            int64_t to_us, size_t limit);

  /// Matching anomalies, newest event time first, up to `limit`.
  Result<std::vector<AnomalyRow>> Anomalies(const AnomalyFilter& filter, size_t limit);

  /// Changes of alerts whose event time is not before `from_us`, in no particular order.
  Result<std::vector<AlertChange>> AlertsFrom(int64_t from_us);

  /// What alert rules can be tried on. The configuration is that of the run.
  Result<AlertTrial> LoadTrial(const AlertTrialRange& range);

  /// The devices by how urgently they need attention. At most half a minute old.
  Result<FleetHealth> Health();
  Result<DevicePast> HealthOf(const std::string& device, int64_t from_us);

  Result<std::vector<TableSummary>> Tables(size_t num_commits);
  Result<QuarantineSummary> Quarantine();

 private:
  /// Opens what is not open yet and looks for new commits. kNotFound while there are no tables.
  Status Refresh(size_t id);
  /// Looks at the useful life of the devices when that is due. A model that cannot be used is
  /// logged, and leaves no lives: the health of the devices is told without it.
  void EstimateUsefulLives();
  Result<TableSummary> Summarize(size_t id, size_t num_commits);

  const Config config_;
  Env* const env_;
  std::mutex mutex_;
  std::unique_ptr<Lake> lake_;          // guarded by mutex_
  std::unique_ptr<LakeTables> tables_;  // guarded by mutex_
  FleetHealth health_;                  // guarded by mutex_
  std::chrono::nanoseconds health_at_ = std::chrono::nanoseconds::min();
  UsefulLives lives_;  // guarded by mutex_
  std::chrono::nanoseconds lives_at_ = std::chrono::nanoseconds::min();
};

}  // namespace avocet
