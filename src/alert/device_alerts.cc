#include "src/alert/device_alerts.h"

#include <algorithm>
#include <cmath>

namespace avocet {
namespace {

constexpr std::string_view kWholeDeviceLabel = "device";

AlertFinding FindingOf(const DeviceAnomaly& anomaly, const std::string& detector) {
  return {.anomaly_id = std::string(anomaly.id),
          .detector = detector,
          .reason = std::string(anomaly.reason),
          .severity = anomaly.severity,
          .value = anomaly.value,
          .expected = anomaly.expected,
          .lower = anomaly.lower,
          .upper = anomaly.upper,
          .score = anomaly.score};
}

}  // namespace

DeviceAlerts::DeviceAlerts(const std::vector<AlertRuleConfig>* rules,
                           std::vector<std::string> detectors, const DevicesConfig* devices)
    : rules_(rules), detectors_(std::move(detectors)) {
  for (const AlertRuleConfig& rule : *rules) filters_.emplace_back(&rule, detectors_, devices);
}

void DeviceAlerts::SetMetrics(std::span<const std::string> names,
                              std::span<const std::string> labels) {
  metrics_.assign(names.begin(), names.end());
  labels_.assign(labels.begin(), labels.end());
  for (RuleFilter& filter : filters_) filter.SetMetrics(names);
}

AlertEpisode::Subject DeviceAlerts::SubjectOf(std::string_view device, uint16_t metric) const {
  if (metric == kNoMetric) return {.device = device, .metric = {}, .label = kWholeDeviceLabel};
  return {.device = device, .metric = metrics_[metric], .label = labels_[metric]};
}

void DeviceAlerts::OnAnomaly(const DeviceAnomaly& anomaly) {
  const std::string_view metric =
      anomaly.metric == kNoMetric ? std::string_view() : metrics_[anomaly.metric];
  if (gates_ != nullptr &&
      !gates_->Passes(anomaly.device, metric, anomaly.event_time_us, anomaly.score)) {
    return;
  }
  const auto num_rules = static_cast<uint16_t>(filters_.size());
  for (uint16_t i = 0; i < num_rules; ++i) {
    if (!filters_[i].Matches(anomaly.detector, anomaly.metric, anomaly.severity, anomaly.device)) {
      continue;
    }
    const AlertRuleConfig& rule = (*rules_)[i];
    if (rule.type == AlertRuleType::kAnomaly) {
      NoteSeries(anomaly, i);
    } else if (anomaly.score < rule.fire_score) {
      continue;
    } else if (rule.type == AlertRuleType::kFleetSpike) {
      fleet_marks_.push_back({anomaly.fleet_time_us, i});
    } else {
      spikes_[{anomaly.slot, i}].OnAnomaly(rule, SubjectOf(anomaly.device, kNoMetric),
                                           anomaly.event_time_us, &changes_);
      SetWatched(anomaly.slot);
    }
  }
}

void DeviceAlerts::NoteSeries(const DeviceAnomaly& anomaly, uint16_t rule_index) {
  const AlertRuleConfig& rule = (*rules_)[rule_index];
  const bool fires = anomaly.score >= rule.fire_score;
  const bool holds = anomaly.score >= rule.clear_score.value_or(rule.fire_score);
  if (!fires && !holds) return;
  auto of_device = series_.find(anomaly.slot);
  if (of_device == series_.end()) {
    if (!fires) return;
    of_device = series_.emplace(anomaly.slot, std::vector<Series>()).first;
  }
  std::vector<Series>& all = of_device->second;
  auto series = std::find_if(all.begin(), all.end(), [&](const Series& s) {
    return s.rule == rule_index && s.metric == anomaly.metric;
  });
  if (series == all.end()) {
    if (!fires) return;
    series = all.insert(
        all.end(),
        Series{.rule = rule_index, .metric = anomaly.metric, .episode = {}, .noted = {}});
    SetWatched(anomaly.slot);
  }
  AlertObservation& noted = series->noted;
  const bool first = !noted.fires && !noted.holds;
  if (first || anomaly.score > noted.finding.score) {
    const AlertSeverity severity =
        first ? anomaly.severity : std::max(anomaly.severity, noted.finding.severity);
    noted.finding = FindingOf(anomaly, detectors_[anomaly.detector]);
    noted.finding.severity = severity;
  } else {
    noted.finding.severity = std::max(anomaly.severity, noted.finding.severity);
  }
  noted.fires |= fires;
  noted.holds |= holds;
}

void DeviceAlerts::OnSilence(const DeviceAnomaly& anomaly) {
  OnAnomaly(anomaly);
  const auto of_device = series_.find(anomaly.slot);
  if (of_device == series_.end()) return;
  for (Series& series : of_device->second) {
    if (series.noted.fires || series.noted.holds) {
      Observe(&series, anomaly.device, anomaly.event_time_us);
    }
  }
}

void DeviceAlerts::OnReading(uint32_t slot, std::string_view device, int64_t time_us,
                             std::span<const std::vector<double>> columns, size_t row) {
  if (const auto of_device = series_.find(slot); of_device != series_.end()) {
    for (Series& series : of_device->second) {
      const bool reports = series.metric == kNoMetric || series.noted.fires || series.noted.holds ||
                           !std::isnan(columns[series.metric][row]);
      if (reports) Observe(&series, device, time_us);
    }
  }
  for (auto spike = spikes_.lower_bound({slot, 0});
       spike != spikes_.end() && spike->first.first == slot; ++spike) {
    if (!spike->second.IsActive()) continue;
    spike->second.OnTime((*rules_)[spike->first.second], SubjectOf(device, kNoMetric), time_us,
                         &changes_);
  }
  ForgetOld(slot, time_us);
}

void DeviceAlerts::Observe(Series* series, std::string_view device, int64_t time_us) {
  AlertObservation observation = std::exchange(series->noted, {});
  observation.time_us = time_us;
  series->episode.Observe((*rules_)[series->rule], SubjectOf(device, series->metric),
                          std::move(observation), &changes_);
}

void DeviceAlerts::ForgetOld(uint32_t slot, int64_t time_us) {
  bool needed = false;
  if (const auto of_device = series_.find(slot); of_device != series_.end()) {
    std::erase_if(of_device->second, [&](const Series& series) {
      return series.episode.IsForgettable((*rules_)[series.rule], time_us);
    });
    needed = !of_device->second.empty();
    if (!needed) series_.erase(of_device);
  }
  for (auto spike = spikes_.lower_bound({slot, 0});
       !needed && spike != spikes_.end() && spike->first.first == slot; ++spike) {
    needed = spike->second.IsActive();
  }
  if (needed || !IsWatched(slot)) return;
  watched_[slot] = 0;
  --num_watched_;
}

void DeviceAlerts::SetWatched(uint32_t slot) {
  if (slot >= watched_.size()) watched_.resize(slot + 1);
  if (watched_[slot] != 0) return;
  watched_[slot] = 1;
  ++num_watched_;
}

size_t DeviceAlerts::StateBytes() const {
  size_t bytes = watched_.capacity();
  for (const auto& [slot, all] : series_) bytes += sizeof(slot) + all.capacity() * sizeof(Series);
  return bytes + spikes_.size() * sizeof(*spikes_.begin());
}

void DeviceAlerts::Save(StateWriter* out) const {
  out->Put<uint64_t>(series_.size());
  for (const auto& [slot, all] : series_) {
    out->Put(slot);
    out->Put<uint64_t>(all.size());
    for (const Series& series : all) {
      out->Put(series.rule);
      out->Put(series.metric);
      series.episode.Save(out);
    }
  }
  out->Put<uint64_t>(spikes_.size());
  for (const auto& [key, spike] : spikes_) {
    out->Put(key.first);
    out->Put(key.second);
    spike.Save(out);
  }
}

Status DeviceAlerts::Load(StateReader* in) {
  uint64_t num_devices = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&num_devices));
  for (uint64_t i = 0; i < num_devices; ++i) {
    uint32_t slot = 0;
    uint64_t num_series = 0;
    AVOCET_RETURN_IF_ERROR(in->Get(&slot));
    AVOCET_RETURN_IF_ERROR(in->Get(&num_series));
    for (uint64_t k = 0; k < num_series; ++k) {
      Series series;
      AVOCET_RETURN_IF_ERROR(in->Get(&series.rule));
      AVOCET_RETURN_IF_ERROR(in->Get(&series.metric));
      AVOCET_RETURN_IF_ERROR(series.episode.Load(in));
      const bool known = series.metric == kNoMetric || series.metric < metrics_.size();
      if (series.rule >= rules_->size() || !known) {
        return Status::Corrupt("an alert is of an unknown rule or metric");
      }
      series_[slot].push_back(std::move(series));
      SetWatched(slot);
    }
  }
  uint64_t num_spikes = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&num_spikes));
  for (uint64_t i = 0; i < num_spikes; ++i) {
    std::pair<uint32_t, uint16_t> key;
    AVOCET_RETURN_IF_ERROR(in->Get(&key.first));
    AVOCET_RETURN_IF_ERROR(in->Get(&key.second));
    if (key.second >= rules_->size()) return Status::Corrupt("a spike is of an unknown rule");
    SpikeAlert& spike = spikes_[key];
    AVOCET_RETURN_IF_ERROR(spike.Load(in));
    if (spike.IsActive()) SetWatched(key.first);
  }
  return Status::Ok();
}

}  // namespace avocet
