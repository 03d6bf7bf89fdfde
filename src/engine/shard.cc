#include "src/engine/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "src/base/check.h"
#include "src/base/hash.h"
#include "src/engine/builtin_detectors.h"
#include "src/engine/contributors.h"
#include "src/engine/health_rows.h"
#include "src/engine/metric_label.h"

namespace avocet {
namespace {

std::vector<std::string> MetricLabels(const Config& config, std::span<const std::string> metrics) {
  std::vector<std::string> labels;
  for (const std::string& name : metrics) {
    labels.push_back(MetricLabel(config.schema, name));
  }
  return labels;
}

std::vector<std::string> DetectorNames(const Config& config) {
  std::vector<std::string> names;
  for (const DetectorConfig& detector : config.detectors) names.push_back(detector.name);
  return names;
}

// The rules know severities and whole devices by the same numbers.
static_assert(static_cast<int>(Severity::kCritical) == static_cast<int>(AlertSeverity::kCritical));
static_assert(kWholeDevice == kNoMetric);

}  // namespace

Shard::Shard(const Config& config, std::span<const std::string> metrics)
    : metrics_(metrics.begin(), metrics.end()),
      metric_labels_(MetricLabels(config, metrics)),
      config_(&config),
      rules_(config.schema.metrics),
      windows_(config.rolling_window.count()),
      hours_(config.allowed_lateness.count()),
      maintenance_(config.maintenance, config.devices),
      peers_(config.devices),
      detector_names_(DetectorNames(config)),
      alerts_(&config.alerts.rules, detector_names_, &config.devices) {
  for (const DetectorConfig& detector : config.detectors) {
    const DetectorType* type = FindDetectorType(detector.type);
    AVOCET_CHECK(type != nullptr);
    detectors_.push_back(type->make(detector, metrics));
    if (!maintenance_.empty()) detectors_.back()->set_maintenance(&maintenance_);
    if (!peers_.empty()) detectors_.back()->set_peers(&peers_);
  }
  result_.anomalies = AnomaliesSpec().MakeBatch();
  result_.device_stats = DeviceStatsSpec().MakeBatch();
  result_.amended_stats = StatsKeys();
  maintenance_.SetMetrics(metrics_);
  resets_.SetMetrics(metrics_);
  result_.device_health = DeviceHealthSpec().MakeBatch();
  result_.amended_health = HealthKeys();
  alerts_.SetMetrics(metrics_, metric_labels_);
}

void Shard::SetMetrics(std::span<const std::string> metrics) {
  metrics_.assign(metrics.begin(), metrics.end());
  metric_labels_ = MetricLabels(*config_, metrics);
  for (auto& detector : detectors_) detector->SetMetrics(metrics);
  maintenance_.SetMetrics(metrics_);
  resets_.SetMetrics(metrics_);
  alerts_.SetMetrics(metrics_, metric_labels_);
}

void Shard::SetResets(std::span<const SeriesReset> resets) {
  resets_.Set(resets);
  resets_.SetDevices(devices_);
  const SeriesResets* const any = resets_.empty() ? nullptr : &resets_;
  for (auto& detector : detectors_) detector->set_resets(any);
}

void Shard::Observe() {
  observed_ = true;
  for (auto& detector : detectors_) detector->ObserveWith(&judgements_);
}

void Shard::Begin() {
  result_.anomalies.Clear();
  result_.device_stats.Clear();
  result_.amended_stats.Clear();
  result_.device_health.Clear();
  result_.amended_health.Clear();
  result_.dropped.clear();
  result_.duplicates = result_.late = 0;
  result_.violations = {};
  result_.failure.clear();
  result_.judged.clear();
  result_.absences.clear();
  alerts_.changes().clear();
  alerts_.fleet_marks().clear();
  touched_.clear();
  next_piece_ = 0;
  next_row_ = 0;
}

void Shard::Process(size_t shard, std::span<Piece* const> pieces, Place end,
                    int64_t fleet_time_us) {
  verdicts_.clear();
  places_.clear();
  slots_.clear();
  times_.clear();
  fleet_times_.clear();
  late_.clear();
  stands_for_us_.clear();
  values_.resize(metrics_.size());
  for (auto& column : values_) column.clear();
  reading_.resize(metrics_.size());
  reading_means_.resize(metrics_.size());

  for (; next_piece_ < pieces.size(); ++next_piece_, next_row_ = 0) {
    Piece* piece = pieces[next_piece_];
    const std::vector<uint32_t>& rows = piece->shard_rows[shard];
    for (; next_row_ < rows.size() && Place{next_piece_, rows[next_row_]} < end; ++next_row_) {
      ProcessRow(piece, {next_piece_, rows[next_row_]});
    }
    if (next_row_ < rows.size() || next_piece_ >= end.piece) break;
  }
  Judge(pieces, fleet_time_us);
  TellAlerts();
}

void Shard::Finish() {
  for (const uint32_t slot : touched_) {
    hours_.Close(slot, devices_.newest_us[slot], &hour_rows_, &ended_hours_);
  }
  AppendHourRows();
  if (config_->health.enabled) health_.Close(ended_hours_, &health_rows_);
  AppendHealthRows();
}

void Shard::ProcessRow(Piece* piece, Place place) {
  ReadingBatch& readings = piece->readings;
  const uint32_t row = place.row;
  if (piece->slot[row] == kNoSlot) {
    piece->slot[row] = devices_.FindOrAdd(readings.device[row], piece->device_hash[row]);
  }
  const uint32_t slot = piece->slot[row];
  const int64_t time = readings.event_time_us[row];
  const bool newer = time > devices_.newest_us[slot];
  const bool seen = recent_.SeenBefore(slot, piece->record_hash[row], newer);
  if (seen && !piece->replayed) {
    piece->fate[row] = RowFate::kDuplicate;
    ++result_.duplicates;
    return;
  }
  const int64_t previous = devices_.newest_us[slot];
  const bool late = time < previous;
  if (late) {
    ++result_.late;
  } else {
    devices_.newest_us[slot] = time;
  }
  piece->late[row] = late ? 1 : 0;
  for (size_t m = 0; m < reading_.size(); ++m) reading_[m] = readings.metrics[m][row];

  if (!rules_.empty()) {
    violations_.clear();
    const InvalidAction action = rules_.Apply(slot, row, time, late, reading_, &violations_);
    piece->invalid[row] = violations_.empty() ? 0 : 1;
    for (const Violation& violation : violations_) {
      ++result_.violations[static_cast<size_t>(violation.rule)];
    }
    if (action == InvalidAction::kDrop || action == InvalidAction::kFail) {
      piece->fate[row] = RowFate::kDropped;
      Quarantine(*piece, row, violations_);
      if (action == InvalidAction::kFail && result_.failure.empty()) {
        result_.failure = result_.dropped.back().message;
        result_.failed_at = place;
      }
      // To detectors a dropped reading is one without values: a sign of life, and of time passing.
      std::fill(reading_.begin(), reading_.end(), kNullValue);
      AddToDetectors(*piece, place, slot, AddToHour(slot, time, previous, /*invalid=*/true));
      CloseHoursIfDue(slot);
      return;
    }
  }
  if (late) {
    std::fill(reading_means_.begin(), reading_means_.end(), std::nan(""));
  } else {
    windows_.Push(slot, time, reading_, reading_means_);
  }
  const bool invalid = !rules_.empty() && !violations_.empty();
  const int64_t stands_for_us = AddToHour(slot, time, previous, invalid);
  CloseHoursIfDue(slot);
  if (invalid) {
    for (size_t m = 0; m < reading_.size(); ++m) readings.metrics[m][row] = reading_[m];
  }
  for (size_t m = 0; m < reading_.size(); ++m) piece->means[m][row] = reading_means_[m];
  AddToDetectors(*piece, place, slot, stands_for_us);
}

int64_t Shard::AddToHour(uint32_t slot, int64_t time_us, int64_t previous_us, bool invalid) {
  DeviceHour* hour =
      hours_.Add(slot, time_us, devices_.newest_us[slot], time_us < previous_us, reading_);
  return health_.OnReading(slot, time_us, previous_us, invalid, hour);
}

void Shard::AddToDetectors(const Piece& piece, Place place, uint32_t slot, int64_t stands_for_us) {
  const uint32_t row = place.row;
  if (!maintenance_.empty()) {
    maintenance_.SetDevices(devices_);
    maintenance_.Hide(slot, piece.readings.event_time_us[row], reading_);
  }
  for (size_t m = 0; m < reading_.size(); ++m) values_[m].push_back(reading_[m]);
  places_.push_back(place);
  slots_.push_back(slot);
  times_.push_back(piece.readings.event_time_us[row]);
  fleet_times_.push_back(std::max(piece.fleet_time_us[row], piece.fleet_time_before_us));
  late_.push_back(piece.late[row]);
  stands_for_us_.push_back(stands_for_us);
}

void Shard::CloseHoursIfDue(uint32_t slot) {
  if (devices_.newest_us[slot] >= hours_.NextClose(slot)) touched_.push_back(slot);
}

void Shard::Quarantine(const Piece& piece, uint32_t row, std::span<const Violation> violations) {
  for (const Violation& violation : violations) {
    if (violation.action != InvalidAction::kDrop && violation.action != InvalidAction::kFail) {
      continue;
    }
    result_.dropped.push_back({.payload = std::string(piece.readings.payload[row]),
                               .code = fmt::format("quality_{}", QualityRuleName(violation.rule)),
                               .message = rules_.Explain(violation),
                               .position = -1,
                               .source = piece.readings.source,
                               .partition = piece.readings.partition,
                               .offset = piece.readings.offset[row],
                               .format = "json"});
    return;  // One row per record: the first rule names the reason.
  }
}

void Shard::Judge(std::span<Piece* const> pieces, int64_t fleet_time_us) {
  peers_.SetDevices(devices_);
  resets_.SetDevices(devices_);
  anomalous_.assign(places_.size(), 0);
  KeyedBatch batch{.rows = places_.size(),
                   .slots = slots_,
                   .event_time_us = times_,
                   .late = late_,
                   .fleet_time_us = fleet_times_,
                   .metrics = {},
                   .num_slots = devices_.size(),
                   .anomalous = anomalous_};
  for (const auto& column : values_) batch.metrics.emplace_back(column);
  for (size_t i = 0; i < detectors_.size(); ++i) {
    anomalies_.clear();
    detectors_[i]->Process(batch, &anomalies_);
    if (fleet_time_us != kNoTime) detectors_[i]->Advance(fleet_time_us, &anomalies_);
    if (observed_) AppendJudgements(i);
    for (const Anomaly& anomaly : anomalies_) {
      verdicts_.push_back({anomaly, static_cast<uint16_t>(i), result_.anomalies.rows()});
      AppendAnomaly(pieces, i, anomaly);
    }
  }
  AddAnomalousTime();
}

void Shard::AddAnomalousTime() {
  for (size_t row = 0; row < anomalous_.size(); ++row) {
    if (anomalous_[row] == 0 || stands_for_us_[row] == 0) continue;
    DeviceHour* hour = hours_.FindDevice(slots_[row], times_[row]);
    if (hour != nullptr) hour->anomalous_us += stands_for_us_[row];
  }
}

void Shard::AppendJudgements(size_t detector) {
  std::set<std::pair<uint32_t, uint16_t>> onsets;
  for (const Anomaly& anomaly : anomalies_) {
    if (anomaly.row == kNoRow) {
      result_.absences.push_back(anomaly);
    } else {
      onsets.emplace(anomaly.row, anomaly.metric);
    }
  }
  for (const Judgement& judgement : judgements_) {
    result_.judged.push_back({.place = places_[judgement.row],
                              .detector = detector,
                              .onset = onsets.contains({judgement.row, judgement.metric}),
                              .judgement = judgement});
  }
  judgements_.clear();
}

void Shard::AppendAnomaly(std::span<Piece* const> pieces, size_t detector, const Anomaly& anomaly) {
  const std::string_view device = devices_.name(anomaly.slot);
  const bool whole_device = anomaly.metric == kWholeDevice;
  const std::string_view metric = whole_device ? std::string_view() : metrics_[anomaly.metric];
  const std::string_view label =
      whole_device ? std::string_view("device") : metric_labels_[anomaly.metric];
  if (!whole_device) {
    hours_.AddAnomaly(anomaly.slot, anomaly.metric, anomaly.event_time_us, metrics_.size());
    CloseHoursIfDue(anomaly.slot);
  } else if (anomaly.row != kNoRow) {
    // A silence is no reading: it comes when others show it, and counts as availability.
    DeviceHour* hour = hours_.FindDevice(anomaly.slot, anomaly.event_time_us);
    if (hour != nullptr) ++hour->anomalies;
  }
  if (anomaly.row != kNoRow) anomalous_[anomaly.row] = 1;
  ColumnBatch& out = result_.anomalies;
  text_.clear();
  text_.append(device).append("\x1f").append(metric).append("\x1f");
  text_.append(detector_names_[detector]).append("\x1f");
  text_.append(fmt::format_int(anomaly.event_time_us).str());
  out.column(anomalies::kId).AppendBytes(Hash128Hex(text_));
  out.column(anomalies::kDevice).AppendBytes(device);
  if (whole_device) {
    out.column(anomalies::kMetric).AppendNull();
  } else {
    out.column(anomalies::kMetric).AppendBytes(metric);
  }
  out.column(anomalies::kEventTime).AppendInt(anomaly.event_time_us);
  out.column(anomalies::kValue).AppendDouble(anomaly.value);
  out.column(anomalies::kExpected).AppendDouble(anomaly.expected);
  out.column(anomalies::kLower).AppendDouble(anomaly.lower);
  out.column(anomalies::kUpper).AppendDouble(anomaly.upper);
  out.column(anomalies::kScore).AppendDouble(anomaly.score);
  out.column(anomalies::kSeverity).AppendBytes(SeverityName(anomaly.severity));
  out.column(anomalies::kDetector).AppendBytes(detector_names_[detector]);
  out.column(anomalies::kType).AppendBytes(anomaly.reason);
  text_.assign(anomaly.reason).append(": ");
  text_.append(detectors_[detector]->Explain(anomaly, label));
  out.column(anomalies::kReason).AppendBytes(text_);
  const std::string contributors = ContributorsJson(anomaly, metrics_);
  if (contributors.empty()) {
    out.column(anomalies::kContributors).AppendNull();
  } else {
    out.column(anomalies::kContributors).AppendBytes(contributors);
  }
  if (anomaly.row == kNoRow) {
    out.column(anomalies::kSource).AppendNull();
    out.column(anomalies::kPartition).AppendNull();
    out.column(anomalies::kOffset).AppendNull();
    return;
  }
  const Place place = places_[anomaly.row];
  const ReadingBatch& readings = pieces[place.piece]->readings;
  out.column(anomalies::kSource).AppendBytes(readings.source);
  out.column(anomalies::kPartition).AppendBytes(readings.partition);
  out.column(anomalies::kOffset).AppendInt(readings.offset[place.row]);
}

// Where a verdict belongs among the rows of the batch: a missing reading comes before the row
// that reveals it, other anomalies come with their row.
void Shard::TellAlerts() {
  if (verdicts_.empty() && !alerts_.WatchesAny()) return;
  const size_t rows = places_.size();
  const auto position = [rows](const Verdict& verdict) {
    const Anomaly& anomaly = verdict.anomaly;
    if (anomaly.row != kNoRow) return 2 * size_t{anomaly.row} + 1;
    return 2 * (anomaly.revealed_by != kNoRow ? size_t{anomaly.revealed_by} : rows);
  };
  std::stable_sort(verdicts_.begin(), verdicts_.end(), [&](const Verdict& a, const Verdict& b) {
    return std::tuple(position(a), a.anomaly.event_time_us, a.detector) <
           std::tuple(position(b), b.anomaly.event_time_us, b.detector);
  });
  size_t next = 0;
  for (size_t row = 0; row < rows; ++row) {
    bool judged = false;
    for (; next < verdicts_.size() && position(verdicts_[next]) <= 2 * row + 1; ++next) {
      TellAlert(verdicts_[next]);
      judged = judged || verdicts_[next].anomaly.row == row;
    }
    const uint32_t slot = slots_[row];
    if (late_[row] != 0 || (!judged && !alerts_.IsWatched(slot))) continue;
    alerts_.OnReading(slot, devices_.name(slot), times_[row], values_, row);
  }
  for (; next < verdicts_.size(); ++next) TellAlert(verdicts_[next]);
}

void Shard::TellAlert(const Verdict& verdict) {
  const Anomaly& anomaly = verdict.anomaly;
  const ColumnBatch& rows = result_.anomalies;
  // The sentence without the word in front of it.
  const std::string_view reason =
      rows.column(anomalies::kReason).BytesAt(verdict.row).substr(anomaly.reason.size() + 2);
  const bool missing = anomaly.row == kNoRow;
  const DeviceAnomaly told{
      .slot = anomaly.slot,
      .device = devices_.name(anomaly.slot),
      .metric = anomaly.metric,
      .detector = verdict.detector,
      .event_time_us = anomaly.event_time_us,
      .fleet_time_us =
          missing ? anomaly.revealed_us : std::max(fleet_times_[anomaly.row], times_[anomaly.row]),
      .severity = static_cast<AlertSeverity>(anomaly.severity),
      .value = anomaly.value,
      .expected = anomaly.expected,
      .lower = anomaly.lower,
      .upper = anomaly.upper,
      .score = anomaly.score,
      .id = rows.column(anomalies::kId).BytesAt(verdict.row),
      .reason = reason};
  if (missing) {
    alerts_.OnSilence(told);
  } else {
    alerts_.OnAnomaly(told);
  }
}

void Shard::FlushHours() {
  hours_.Flush(devices_.newest_us, &hour_rows_, &ended_hours_);
  AppendHourRows();
  if (config_->health.enabled) health_.Preview(ended_hours_, &health_rows_);
  AppendHealthRows();
}

void Shard::AppendHealthRows() {
  for (const HealthRow& row : health_rows_) {
    const std::string_view device = devices_.name(row.slot);
    AppendHealthRow(row, device, metrics_, metric_labels_, &result_.device_health);
    if (!row.amends) continue;
    result_.amended_health.column(0).AppendBytes(device);
    result_.amended_health.column(1).AppendInt(row.hour_us);
  }
  ended_hours_.clear();
  health_rows_.clear();
}

void Shard::AppendHourRows() {
  for (const HourRow& row : hour_rows_) {
    const std::string_view device = devices_.name(row.slot);
    const std::string& metric = metrics_[row.metric];
    const bool has_values = row.stats.count > 0;
    ColumnBatch& out = result_.device_stats;
    out.column(device_stats::kDevice).AppendBytes(device);
    out.column(device_stats::kMetric).AppendBytes(metric);
    out.column(device_stats::kHour).AppendInt(row.hour_us);
    out.column(device_stats::kCount).AppendInt(row.stats.count);
    out.column(device_stats::kMin).AppendDouble(has_values ? row.stats.min : kNullValue);
    out.column(device_stats::kMax).AppendDouble(has_values ? row.stats.max : kNullValue);
    out.column(device_stats::kMean).AppendDouble(has_values ? row.stats.mean : kNullValue);
    out.column(device_stats::kStd).AppendDouble(row.stats.SampleDeviation());
    out.column(device_stats::kAnomalies).AppendInt(row.stats.anomalies);
    out.column(device_stats::kLate).AppendInt(row.stats.late);
    if (row.amends) {
      result_.amended_stats.column(0).AppendBytes(device);
      result_.amended_stats.column(1).AppendBytes(metric);
      result_.amended_stats.column(2).AppendInt(row.hour_us);
    }
  }
  hour_rows_.clear();
}

void Shard::MarkHourWritten(std::string_view device, std::string_view metric, int64_t hour_us,
                            uint32_t count, uint32_t anomalies, uint32_t late) {
  const auto known = std::find(metrics_.begin(), metrics_.end(), metric);
  if (known == metrics_.end()) return;
  const auto slot = devices_.Find(device, DeviceHash(device));
  if (!slot) return;
  hours_.MarkWritten(*slot, hour_us, static_cast<uint16_t>(known - metrics_.begin()), count,
                     anomalies, late);
}

void Shard::MarkHealthWritten(std::string_view device, int64_t hour_us, int64_t until_us,
                              uint32_t readings, uint32_t anomalies) {
  const auto slot = devices_.Find(device, DeviceHash(device));
  if (slot) hours_.MarkHealthWritten(*slot, hour_us, until_us, readings, anomalies);
}

size_t Shard::StateBytes() const {
  size_t total = devices_.StateBytes() + recent_.StateBytes() + rules_.StateBytes() +
                 windows_.StateBytes() + hours_.StateBytes() + health_.StateBytes() +
                 alerts_.StateBytes();
  for (const auto& detector : detectors_) total += detector->StateBytes();
  return total;
}

void Shard::Save(StateWriter* out) const {
  devices_.Save(out);
  recent_.Save(out);
  rules_.Save(out);
  windows_.Save(out);
  hours_.Save(out);
  health_.Save(out);
  for (const auto& detector : detectors_) detector->Save(out);
  alerts_.Save(out);
}

Status Shard::Load(StateReader* in) {
  AVOCET_RETURN_IF_ERROR(devices_.Load(in));
  maintenance_.SetDevices(devices_);
  peers_.SetDevices(devices_);
  resets_.SetDevices(devices_);
  AVOCET_RETURN_IF_ERROR(recent_.Load(in));
  AVOCET_RETURN_IF_ERROR(rules_.Load(in));
  AVOCET_RETURN_IF_ERROR(windows_.Load(in));
  AVOCET_RETURN_IF_ERROR(hours_.Load(in));
  AVOCET_RETURN_IF_ERROR(health_.Load(in));
  for (const auto& detector : detectors_) AVOCET_RETURN_IF_ERROR(detector->Load(in));
  AVOCET_RETURN_IF_ERROR(alerts_.Load(in));
  return in->AtEnd() ? Status::Ok() : Status::Corrupt("a shard's state has bytes left over");
}

}  // namespace avocet
