#include "src/server/lake_history.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "src/base/time_format.h"
#include "src/engine/alert_rows.h"
#include "src/engine/table_scan.h"
#include "src/server/anomaly_feed.h"

namespace avocet {
namespace {

constexpr int64_t kMaxQuarantineRows = 100'000;
constexpr size_t kSampleBytes = 300;
constexpr std::chrono::seconds kHealthAge(30);
// They change by the hour, and all hours of the devices are read for them.
constexpr std::chrono::minutes kLivesAge(10);

AnomalyRow AnomalyIn(const RecordBatchView& view, size_t row) {
  return {.id = TextAt(view, anomalies::kId, row),
          .device = TextAt(view, anomalies::kDevice, row),
          .metric = TextAt(view, anomalies::kMetric, row),
          .event_time_us = view.Int(anomalies::kEventTime, row),
          .value = view.Double(anomalies::kValue, row),
          .expected = view.Double(anomalies::kExpected, row),
          .lower = view.Double(anomalies::kLower, row),
          .upper = view.Double(anomalies::kUpper, row),
          .score = view.Double(anomalies::kScore, row),
          .severity = TextAt(view, anomalies::kSeverity, row),
          .detector = TextAt(view, anomalies::kDetector, row),
          .type = TextAt(view, anomalies::kType, row),
          .reason = TextAt(view, anomalies::kReason, row),
          .contributors = TextAt(view, anomalies::kContributors, row),
          .source = TextAt(view, anomalies::kSource, row),
          .partition = TextAt(view, anomalies::kPartition, row),
          .offset = view.IsNull(anomalies::kOffset, row) ? -1 : view.Int(anomalies::kOffset, row)};
}

int64_t RowsInStats(simdjson::dom::object add) {
  std::string_view text;
  if (add["stats"].get_string().get(text) != simdjson::SUCCESS) return 0;
  simdjson::dom::parser parser;
  int64_t rows = 0;
  const simdjson::padded_string padded(text);
  simdjson::dom::element stats;
  if (parser.parse(padded).get(stats) != simdjson::SUCCESS) return 0;
  return stats["numRecords"].get_int64().get(rows) == simdjson::SUCCESS ? rows : 0;
}

// An entry of the Delta log, one action per line. What is not there stays zero.
CommitSummary ParseCommit(int64_t version, const std::string& entry) {
  CommitSummary commit{.version = version, .operation = ""};
  simdjson::dom::parser parser;
  for (size_t begin = 0; begin < entry.size();) {
    const size_t end = std::min(entry.find('\n', begin), entry.size());
    const simdjson::padded_string line(std::string_view(entry).substr(begin, end - begin));
    begin = end + 1;
    simdjson::dom::element action;
    simdjson::dom::object part;
    if (parser.parse(line).get(action) != simdjson::SUCCESS) continue;
    if (action["commitInfo"].get_object().get(part) == simdjson::SUCCESS) {
      std::string_view operation;
      if (part["operation"].get_string().get(operation) == simdjson::SUCCESS) {
        commit.operation = operation;
      }
      int64_t time = 0;
      if (part["timestamp"].get_int64().get(time) == simdjson::SUCCESS) commit.time_ms = time;
    } else if (action["add"].get_object().get(part) == simdjson::SUCCESS) {
      ++commit.files_added;
      commit.rows_added += RowsInStats(part);
      int64_t size = 0;
      if (part["size"].get_int64().get(size) == simdjson::SUCCESS) commit.bytes_added += size;
    } else if (action["remove"].get_object().get(part) == simdjson::SUCCESS) {
      ++commit.files_removed;
    }
  }
  return commit;
}

}  // namespace

Status LakeHistory::Refresh(size_t id) {
  if (lake_ == nullptr) {
    AVOCET_ASSIGN_OR_RETURN(lake_, Lake::Open(env_, config_.storage));
  }
  if (tables_ == nullptr) {
    AVOCET_ASSIGN_OR_RETURN(LakeTables opened, LakeTables::OpenExisting(lake_.get(), config_));
    tables_ = std::make_unique<LakeTables>(std::move(opened));
  }
  return tables_->table(id).Refresh();
}

Status LakeHistory::AddReadings(const std::string& device, const std::vector<std::string>& metrics,
                                int64_t from_us, int64_t to_us, SeriesBuckets* out) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kSilver));
  Table& silver = tables_->table(kSilver);
  AVOCET_ASSIGN_OR_RETURN(const auto known, silver.ColumnNames());
  const auto has = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  std::vector<std::string> columns = {"device_id", "event_time", "late"};
  constexpr size_t kFirstMetric = 3;
  std::vector<size_t> present;  // index of the metric whose value and mean are read
  const std::string suffix = "_avg_" + WindowSuffix(config_.rolling_window);
  for (size_t m = 0; m < metrics.size(); ++m) {
    if (!has(metrics[m]) || !has(metrics[m] + suffix)) continue;
    present.push_back(m);
    columns.push_back(metrics[m]);
    columns.push_back(metrics[m] + suffix);
  }
  std::vector<double> values(metrics.size(), std::nan(""));
  std::vector<double> means(metrics.size(), std::nan(""));
  AVOCET_ASSIGN_OR_RETURN(const auto files, silver.Files());
  for (const TableFile& file : files) {
    if (!MayHoldDevice(file, device) || !MayHoldTimes(file, from_us, to_us)) continue;
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(&silver, file.path, columns, [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) {
            const int64_t time_us = view.Int(1, row);
            if (time_us < from_us || time_us >= to_us || view.Bytes(0, row) != device) continue;
            if (!view.IsNull(2, row) && view.Bool(2, row)) continue;
            for (size_t i = 0; i < present.size(); ++i) {
              values[present[i]] = view.Double(kFirstMetric + 2 * i, row);
              means[present[i]] = view.Double(kFirstMetric + 2 * i + 1, row);
            }
            out->Add(time_us, values, means);
          }
        }));
  }
  return Status::Ok();
}

Result<LateRows> LakeHistory::Late(const LateFilter& filter) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kSilver));
  return ReadLate(&tables_->table(kSilver), filter);
}

Result<std::vector<StoredRecord>> LakeHistory::Records(const std::string& device, int64_t from_us,
                                                       int64_t to_us, size_t limit) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kBronze));
  Table& table = tables_->table(kBronze);
  AVOCET_ASSIGN_OR_RETURN(auto files, table.Files());
  SortNewestFirst(&files);
  const std::vector<std::string> columns = BronzeSpec().ColumnNames();
  std::vector<StoredRecord> found;
  const auto keep_newest = [&] {
    std::sort(found.begin(), found.end(), [](const StoredRecord& a, const StoredRecord& b) {
      return std::pair(a.event_time_us, a.sequence) > std::pair(b.event_time_us, b.sequence);
    });
    if (found.size() > limit) found.resize(limit);
  };
  for (const TableFile& file : files) {
    if (!MayHoldDevice(file, device) || !MayHoldTimes(file, from_us, to_us)) continue;
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(&table, file.path, columns, [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) {
            const int64_t time_us = view.Int(bronze::kEventTime, row);
            if (time_us < from_us || time_us >= to_us) continue;
            if (view.Bytes(bronze::kDevice, row) != device) continue;
            found.push_back({.event_time_us = time_us,
                             .received_us = view.Int(bronze::kReceivedAt, row),
                             .sequence = view.Int(bronze::kSequence, row),
                             .epoch = view.Int(bronze::kEpoch, row),
                             .payload = TextAt(view, bronze::kPayload, row),
                             .source = TextAt(view, bronze::kSource, row),
                             .partition = TextAt(view, bronze::kPartition, row),
                             .offset = view.Int(bronze::kOffset, row)});
          }
        }));
    if (found.size() < limit) continue;
    keep_newest();
    // Older files can only add what is as new as the oldest that is kept.
    from_us = std::max(from_us, found.back().event_time_us);
  }
  keep_newest();
  return found;
}

Result<std::vector<AnomalyRow>> LakeHistory::Anomalies(const AnomalyFilter& filter, size_t limit) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kAnomalies));
  Table& table = tables_->table(kAnomalies);
  AVOCET_ASSIGN_OR_RETURN(auto files, table.Files());
  // Older files are skipped once there are enough newer rows.
  SortNewestFirst(&files);
  const std::vector<std::string> columns = AnomaliesSpec().ColumnNames();
  std::vector<AnomalyRow> found;
  int64_t from_us = filter.from_us;
  for (const TableFile& file : files) {
    if (!filter.device.empty() && !MayHoldDevice(file, filter.device)) continue;
    if (!MayHoldTimes(file, from_us, filter.to_us)) continue;
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(&table, file.path, columns, [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) {
            if (view.Int(anomalies::kEventTime, row) < from_us) continue;
            AnomalyRow anomaly = AnomalyIn(view, row);
            if (filter.Matches(anomaly)) found.push_back(std::move(anomaly));
          }
        }));
    if (found.size() < limit) continue;
    KeepNewest(&found, limit);
    if (!found.empty()) from_us = std::max(from_us, found.back().event_time_us);
  }
  KeepNewest(&found, limit);
  return found;
}

Result<std::vector<AlertChange>> LakeHistory::AlertsFrom(int64_t from_us) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kAlerts));
  std::vector<AlertChange> changes;
  AVOCET_RETURN_IF_ERROR(ReadAlerts(&tables_->table(kAlerts), from_us, [&](AlertChange change) {
    changes.push_back(std::move(change));
  }));
  return changes;
}

Result<AlertTrial> LakeHistory::LoadTrial(const AlertTrialRange& range) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kAnomalies));
  return AlertTrial::Load(config_, tables_.get(), range);
}

Result<FleetHealth> LakeHistory::Health() {
  std::lock_guard lock(mutex_);
  const std::chrono::nanoseconds now = env_->Monotonic();
  if (health_at_ != std::chrono::nanoseconds::min() && now - health_at_ < kHealthAge) {
    return health_;
  }
  AVOCET_RETURN_IF_ERROR(Refresh(kDeviceHealth));
  AVOCET_RETURN_IF_ERROR(Refresh(kDeviceStats));
  EstimateUsefulLives();
  AVOCET_ASSIGN_OR_RETURN(health_, RankFleet(&tables_->table(kDeviceHealth),
                                             &tables_->table(kDeviceStats), config_, lives_));
  health_at_ = now;
  return health_;
}

Result<DevicePast> LakeHistory::HealthOf(const std::string& device, int64_t from_us) {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kDeviceHealth));
  AVOCET_RETURN_IF_ERROR(Refresh(kDeviceStats));
  DevicePast past;
  AVOCET_RETURN_IF_ERROR(
      ReadHealth(&tables_->table(kDeviceHealth), device, from_us,
                 [&](HealthHour hour) { past.hours.push_back(std::move(hour)); }));
  std::sort(past.hours.begin(), past.hours.end(),
            [](const HealthHour& a, const HealthHour& b) { return a.hour_us < b.hour_us; });
  if (past.hours.empty()) return past;
  AVOCET_ASSIGN_OR_RETURN(past.limits, ForecastLimits(&tables_->table(kDeviceStats), config_,
                                                      device, past.hours.back().until_us));
  EstimateUsefulLives();
  const auto life = lives_.find(device);
  if (life != lives_.end()) past.life = life->second;
  return past;
}

void LakeHistory::EstimateUsefulLives() {
  if (config_.health.rul_model.empty()) return;
  const std::chrono::nanoseconds now = env_->Monotonic();
  if (lives_at_ != std::chrono::nanoseconds::min() && now - lives_at_ < kLivesAge) return;
  lives_at_ = now;
  lives_.clear();
  const auto model = LoadRulModel(env_, config_.health.rul_model);
  if (!model.ok()) {
    spdlog::warn("The model of useful life cannot be used. error=\"{}\"", model.status().message());
    return;
  }
  auto lives = EstimateLives(&tables_->table(kDeviceStats), *model);
  if (!lives.ok()) {
    spdlog::warn("The useful life of devices is not known. error=\"{}\"", lives.status().message());
    return;
  }
  lives_ = std::move(lives).value();
}

Result<TableSummary> LakeHistory::Summarize(size_t id, size_t num_commits) {
  AVOCET_RETURN_IF_ERROR(Refresh(id));
  Table& table = tables_->table(id);
  const TableSpec& spec = tables_->spec(id);
  TableSummary out{.name = std::string(TableName(id)),
                   .full_name = config_.storage.catalog + "." + spec.schema + "." + spec.name,
                   .description = spec.description,
                   .version = table.version(),
                   .columns = spec.columns,
                   .commits = {}};
  AVOCET_ASSIGN_OR_RETURN(const auto files, table.Files());
  for (const TableFile& file : files) {
    ++out.files;
    out.size_bytes += static_cast<int64_t>(file.size_bytes);
    out.rows += std::max<int64_t>(file.num_rows, 0);
    if (static_cast<int64_t>(file.size_bytes) < config_.storage.target_file_bytes / 8) {
      ++out.small_files;
    }
  }
  for (int64_t version = out.version;
       version >= 0 && out.version - version < static_cast<int64_t>(num_commits); --version) {
    const auto entry = table.LogEntry(version);
    if (!entry.ok()) break;  // Older entries are cleaned up.
    out.commits.push_back(ParseCommit(version, *entry));
  }
  return out;
}

Result<std::vector<TableSummary>> LakeHistory::Tables(size_t num_commits) {
  std::lock_guard lock(mutex_);
  std::vector<TableSummary> all;
  for (size_t id = 0; id < kNumTables; ++id) {
    AVOCET_ASSIGN_OR_RETURN(TableSummary summary, Summarize(id, num_commits));
    all.push_back(std::move(summary));
  }
  return all;
}

Result<QuarantineSummary> LakeHistory::Quarantine() {
  std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(Refresh(kQuarantine));
  Table& table = tables_->table(kQuarantine);
  AVOCET_ASSIGN_OR_RETURN(auto files, table.Files());
  QuarantineSummary out;
  for (const TableFile& file : files) out.rows += std::max<int64_t>(file.num_rows, 0);
  std::sort(files.begin(), files.end(),
            [](const TableFile& a, const TableFile& b) { return a.modified_ms > b.modified_ms; });
  std::map<std::string, QuarantineReason> reasons;
  const std::vector<std::string> columns = {"code",   "message",   "payload", "received_at",
                                            "source", "partition", "offset"};
  for (const TableFile& file : files) {
    if (out.examined >= kMaxQuarantineRows) break;
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(&table, file.path, columns, [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) {
            QuarantineReason& reason = reasons[TextAt(view, 0, row)];
            ++reason.count;
            ++out.examined;
            if (view.Int(3, row) < reason.newest_us) continue;
            reason.newest_us = view.Int(3, row);
            reason.message = TextAt(view, 1, row);
            reason.sample = TextAt(view, 2, row).substr(0, kSampleBytes);
            reason.position = fmt::format("{} {} @{}", TextAt(view, 4, row), TextAt(view, 5, row),
                                          view.IsNull(6, row) ? -1 : view.Int(6, row));
          }
        }));
  }
  for (auto& [code, reason] : reasons) {
    reason.code = code;
    out.reasons.push_back(std::move(reason));
  }
  std::sort(out.reasons.begin(), out.reasons.end(),
            [](const QuarantineReason& a, const QuarantineReason& b) { return a.count > b.count; });
  return out;
}

}  // namespace avocet
