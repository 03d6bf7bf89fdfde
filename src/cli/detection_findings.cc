#include "src/cli/detection_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/civil_time.h"

namespace avocet {
namespace {

bool IsStranger(const FoundAnomaly& a, const FoundAnomaly& b) { return a.score > b.score; }

}  // namespace

void DetectionFindings::Add(const ScoredReading& reading) {
  if (devices_.empty()) first_us_ = last_us_ = reading.event_time_us;
  first_us_ = std::min(first_us_, reading.event_time_us);
  last_us_ = std::max(last_us_, reading.event_time_us);
  const auto [device, is_new] = devices_.try_emplace(
      std::string(reading.device),
      Span{.first_us = reading.event_time_us, .last_us = reading.event_time_us});
  device->second.first_us = std::min(device->second.first_us, reading.event_time_us);
  device->second.last_us = std::max(device->second.last_us, reading.event_time_us);

  SeriesFindings* series = nullptr;
  SeriesKey key(reading.metric, reading.device);
  if (const auto found = series_.find(key); found != series_.end()) {
    series = &found->second;
  } else if (series_.size() < kMostSeries) {
    series = &series_[std::move(key)];
  } else {
    left_out_ = true;
  }
  if (!std::isnan(reading.value)) {
    ++metrics_[std::string(reading.metric)].values;
    if (series != nullptr) {
      series->sketch.Add(reading.event_time_us, reading.value, reading.expected, reading.lower,
                         reading.upper);
    }
  }
  if (reading.onset) AddAnomaly(reading, series);
}

void DetectionFindings::AddAnomaly(const ScoredReading& reading, SeriesFindings* series) {
  const FoundAnomaly anomaly = {.device = std::string(reading.device),
                                .metric = std::string(reading.metric),
                                .event_time_us = reading.event_time_us,
                                .value = reading.value,
                                .expected = reading.expected,
                                .lower = reading.lower,
                                .upper = reading.upper,
                                .score = reading.score,
                                .type = std::string(reading.type)};
  ++anomalies_;
  MetricFindings& metric = metrics_[anomaly.metric];
  if (metric.anomalies == 0 || IsStranger(anomaly, metric.strangest)) metric.strangest = anomaly;
  ++metric.anomalies;
  ++metric.types[anomaly.type];
  if (series == nullptr) return;
  ++series->anomalies;
  std::vector<FoundAnomaly>& strongest = series->strongest;
  strongest.push_back(anomaly);
  std::push_heap(strongest.begin(), strongest.end(), IsStranger);
  if (strongest.size() <= SeriesFindings::kMostAnomalies) return;
  std::pop_heap(strongest.begin(), strongest.end(), IsStranger);
  strongest.pop_back();
}

double DetectionFindings::PerDeviceDay() const {
  double days = 0;
  for (const auto& [name, span] : devices_) {
    days += static_cast<double>(span.last_us - span.first_us) / static_cast<double>(kMicrosPerDay);
  }
  return days > 0 ? static_cast<double>(anomalies_) / days
                  : std::numeric_limits<double>::quiet_NaN();
}

std::string DetectorNames(const Config& config) {
  std::string names;
  for (const DetectorConfig& detector : config.detectors) {
    if (!names.empty()) names += ", ";
    names += detector.name;
  }
  return names;
}

std::string TypesText(const std::map<std::string, uint64_t>& types) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [type, count] : types) sorted.emplace_back(count, type);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [count, type] : sorted) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, type);
  }
  return text;
}

std::string FoundText(const FoundAnomaly& anomaly) {
  if (std::isnan(anomaly.value)) {
    return anomaly.type == "missing" ? "no reading" : "its metrics together";
  }
  std::string text = fmt::format("{:.6g}", anomaly.value);
  if (!std::isnan(anomaly.lower) && !std::isnan(anomaly.upper)) {
    text += fmt::format(", expected {:.4g} to {:.4g}", anomaly.lower, anomaly.upper);
  } else if (!std::isnan(anomaly.expected)) {
    text += fmt::format(", expected {:.4g}", anomaly.expected);
  }
  return text;
}

}  // namespace avocet
