#include "src/engine/alert_trial.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "src/alert/fleet_alerts.h"
#include "src/engine/table_scan.h"
#include "src/model/reading_batch.h"
#include "src/model/table_spec.h"

namespace avocet {
namespace {

AlertSeverity SeverityOf(std::string_view name) {
  for (const AlertSeverity severity : {AlertSeverity::kCritical, AlertSeverity::kWarning}) {
    if (AlertSeverityName(severity) == name) return severity;
  }
  return AlertSeverity::kInfo;
}

/// Puts `values` into the order of `order`.
template <typename T>
void Permute(const std::vector<size_t>& order, std::vector<T>* values) {
  std::vector<T> sorted;
  sorted.reserve(order.size());
  for (const size_t at : order) sorted.push_back(std::move((*values)[at]));
  *values = std::move(sorted);
}

}  // namespace

Result<AlertTrial> AlertTrial::Load(const Config& config, LakeTables* tables,
                                    const AlertTrialRange& range) {
  AlertTrial trial;
  trial.labels_ = config.devices;
  trial.from_us_ = range.from_us;
  for (const DetectorConfig& detector : config.detectors) {
    trial.detectors_.push_back(detector.name);
  }
  Table& anomalies = tables->table(kAnomalies);
  Table& silver = tables->table(kSilver);
  AVOCET_RETURN_IF_ERROR(anomalies.Refresh());
  AVOCET_RETURN_IF_ERROR(silver.Refresh());
  AVOCET_RETURN_IF_ERROR(trial.ReadAnomalies(&anomalies, range));
  AVOCET_RETURN_IF_ERROR(trial.ReadReadings(&silver, range));
  return trial;
}

Status AlertTrial::ReadAnomalies(Table* table, const AlertTrialRange& range) {
  std::map<std::string, size_t, std::less<>> devices;
  std::map<std::string, uint16_t, std::less<>> metrics;
  AVOCET_ASSIGN_OR_RETURN(const auto files, table->Files());
  const std::vector<std::string> columns = AnomaliesSpec().ColumnNames();
  const auto read = [&](const RecordBatchView& view, size_t row) {
    const int64_t time_us = view.Int(anomalies::kEventTime, row);
    if (time_us < range.from_us || time_us >= range.to_us) return;
    const std::string_view device = view.Bytes(anomalies::kDevice, row);
    if (!range.device.empty() && device != range.device) return;
    const std::string_view detector = view.Bytes(anomalies::kDetector, row);
    const auto known = std::find(detectors_.begin(), detectors_.end(), detector);
    if (known == detectors_.end()) return;  // The configuration has it no more.
    auto place = devices.find(device);
    if (place == devices.end()) {
      place = devices.emplace(device, devices_.size()).first;
      devices_.push_back(
          {.name = std::string(device), .anomalies = {}, .times = {}, .columns = {}});
    }
    Found found{.id = TextAt(view, anomalies::kId, row),
                .reason = TextAt(view, anomalies::kReason, row),
                .metric = kNoMetric,
                .detector = static_cast<uint16_t>(known - detectors_.begin()),
                .is_silence = view.IsNull(anomalies::kOffset, row),
                .severity = SeverityOf(view.Bytes(anomalies::kSeverity, row)),
                .event_time_us = time_us,
                .value = view.Double(anomalies::kValue, row),
                .expected = view.Double(anomalies::kExpected, row),
                .lower = view.Double(anomalies::kLower, row),
                .upper = view.Double(anomalies::kUpper, row),
                .score = view.Double(anomalies::kScore, row)};
    // The sentence without the word in front of it, as alerts have it.
    const size_t word = view.Bytes(anomalies::kType, row).size() + 2;
    found.reason.erase(0, std::min(word, found.reason.size()));
    if (!view.IsNull(anomalies::kMetric, row)) {
      const std::string_view metric = view.Bytes(anomalies::kMetric, row);
      auto index = metrics.find(metric);
      if (index == metrics.end()) {
        index = metrics.emplace(metric, static_cast<uint16_t>(metrics_.size())).first;
        metrics_.emplace_back(metric);
      }
      found.metric = index->second;
    }
    devices_[place->second].anomalies.push_back(std::move(found));
    ++num_anomalies_;
  };
  for (const TableFile& file : files) {
    if (!range.device.empty() && !MayHoldDevice(file, range.device)) continue;
    if (!MayHoldTimes(file, range.from_us, range.to_us)) continue;
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(table, file.path, columns, [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) read(view, row);
        }));
  }
  for (Series& series : devices_) {
    std::stable_sort(series.anomalies.begin(), series.anomalies.end(),
                     [](const Found& a, const Found& b) {
                       return std::tuple(a.event_time_us, !a.is_silence, a.detector) <
                              std::tuple(b.event_time_us, !b.is_silence, b.detector);
                     });
  }
  return Status::Ok();
}

Status AlertTrial::ReadReadings(Table* table, const AlertTrialRange& range) {
  std::map<std::string, size_t, std::less<>> devices;
  for (size_t i = 0; i < devices_.size(); ++i) devices.emplace(devices_[i].name, i);
  if (devices.empty()) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(const auto known, table->ColumnNames());
  std::vector<std::string> columns = {"device_id", "event_time", "late"};
  const size_t first_metric = columns.size();
  std::vector<size_t> present;
  for (size_t m = 0; m < metrics_.size(); ++m) {
    if (std::find(known.begin(), known.end(), metrics_[m]) == known.end()) continue;
    present.push_back(m);
    columns.push_back(metrics_[m]);
  }
  for (Series& series : devices_) series.columns.resize(metrics_.size());
  AVOCET_ASSIGN_OR_RETURN(auto files, table->Files());
  SortNewestFirst(&files);
  uint64_t looked_through = 0;
  int64_t oldest_us = range.to_us;
  for (const TableFile& file : files) {
    if (!range.device.empty() && !MayHoldDevice(file, range.device)) continue;
    if (!MayHoldTimes(file, from_us_, range.to_us)) continue;
    if (looked_through >= range.most_readings) {
      from_us_ = std::max(from_us_, oldest_us);
      break;
    }
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(table, file.path, columns, [&](const RecordBatchView& view) {
          looked_through += view.rows();
          for (size_t row = 0; row < view.rows(); ++row) {
            const int64_t time_us = view.Int(1, row);
            if (time_us < from_us_ || time_us >= range.to_us) continue;
            oldest_us = std::min(oldest_us, time_us);
            if (!view.IsNull(2, row) && view.Bool(2, row)) continue;
            const auto place = devices.find(view.Bytes(0, row));
            if (place == devices.end()) continue;
            Series& series = devices_[place->second];
            series.times.push_back(time_us);
            for (std::vector<double>& column : series.columns) column.push_back(kNullValue);
            for (size_t i = 0; i < present.size(); ++i) {
              series.columns[present[i]].back() = view.Double(first_metric + i, row);
            }
            ++num_readings_;
          }
        }));
  }
  for (Series& series : devices_) {
    std::vector<size_t> order(series.times.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return series.times[a] < series.times[b]; });
    Permute(order, &series.times);
    for (std::vector<double>& column : series.columns) Permute(order, &column);
  }
  return Status::Ok();
}

void AlertTrial::Tell(const Series& series, uint32_t slot, DeviceAlerts* alerts) const {
  const auto tell = [&](const Found& found) {
    const DeviceAnomaly anomaly{.slot = slot,
                                .device = series.name,
                                .metric = found.metric,
                                .detector = found.detector,
                                .event_time_us = found.event_time_us,
                                .fleet_time_us = found.event_time_us,
                                .severity = found.severity,
                                .value = found.value,
                                .expected = found.expected,
                                .lower = found.lower,
                                .upper = found.upper,
                                .score = found.score,
                                .id = found.id,
                                .reason = found.reason};
    if (found.is_silence) {
      alerts->OnSilence(anomaly);
    } else {
      alerts->OnAnomaly(anomaly);
    }
  };
  auto next = series.anomalies.begin();
  while (next != series.anomalies.end() && next->event_time_us < from_us_) ++next;
  for (size_t row = 0; row < series.times.size(); ++row) {
    const int64_t time_us = series.times[row];
    bool judged = false;
    for (; next != series.anomalies.end() && next->event_time_us <= time_us; ++next) {
      // Of several readings of one time the first takes the anomalies.
      tell(*next);
      judged = judged || !next->is_silence;
    }
    if (!judged && !alerts->IsWatched(slot)) continue;
    alerts->OnReading(slot, series.name, time_us, series.columns, row);
  }
  for (; next != series.anomalies.end(); ++next) tell(*next);
}

std::vector<AlertChange> AlertTrial::Run(const std::vector<AlertRuleConfig>& rules,
                                         const AlertGates& gates) const {
  DeviceAlerts alerts(&rules, detectors_, &labels_);
  alerts.set_gates(&gates);
  alerts.SetMetrics(metrics_, metrics_);
  for (size_t i = 0; i < devices_.size(); ++i) {
    Tell(devices_[i], static_cast<uint32_t>(i), &alerts);
  }
  std::vector<AlertChange> changes = std::move(alerts.changes());
  std::vector<FleetMark> marks = std::move(alerts.fleet_marks());
  std::sort(marks.begin(), marks.end());
  if (!marks.empty()) {
    int64_t end_us = marks.back().fleet_time_us;
    for (const Series& series : devices_) {
      if (!series.times.empty()) end_us = std::max(end_us, series.times.back());
    }
    FleetAlerts fleet(&rules);
    fleet.Process(marks, end_us, &changes);
  }
  SortChanges(&changes);
  return changes;
}

}  // namespace avocet
