#include "src/state/hourly_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace avocet {
namespace {
constexpr uint8_t kInTable = 1;
constexpr uint8_t kInTableChanged = 2;
}  // namespace

int64_t HourOf(int64_t time_us) {
  int64_t hour = time_us / kHourUs;
  if (time_us % kHourUs < 0) --hour;
  return hour * kHourUs;
}

void HourStats::Add(double value) {
  if (count == 0) {
    min = max = mean = value;
    m2 = 0;
    count = 1;
    return;
  }
  min = std::min(min, value);
  max = std::max(max, value);
  ++count;
  const double delta = value - mean;
  mean += delta / count;
  m2 += delta * (value - mean);
}

double HourStats::SampleDeviation() const {
  return count < 2 ? std::nan("") : std::sqrt(m2 / (count - 1));
}

HourlyStats::OpenHour& HourlyStats::Find(uint32_t slot, int64_t hour_us, size_t num_metrics) {
  if (slot >= open_.size()) {
    open_.resize(slot + 1);
    next_close_.resize(slot + 1, std::numeric_limits<int64_t>::max());
  }
  std::vector<OpenHour>& hours = open_[slot];
  // The newest hour is the last one added and nearly always the one that is asked for.
  for (size_t i = hours.size(); i-- > 0;) {
    if (hours[i].hour_us == hour_us) {
      if (hours[i].stats.size() < num_metrics) hours[i].stats.resize(num_metrics);
      return hours[i];
    }
  }
  hours.push_back(
      {.hour_us = hour_us, .stats = std::vector<HourStats>(num_metrics), .written = {}});
  next_close_[slot] = std::min(next_close_[slot], hour_us + kHourUs + lateness_us_);
  return hours.back();
}

void HourlyStats::UpdateNextClose(uint32_t slot) {
  int64_t next = std::numeric_limits<int64_t>::max();
  for (const OpenHour& hour : open_[slot]) {
    next = std::min(next, hour.hour_us + kHourUs + lateness_us_);
  }
  next_close_[slot] = next;
}

void HourlyStats::Touch(OpenHour* hour, size_t metric) {
  if (metric < hour->written.size() && hour->written[metric] == kInTable) {
    hour->written[metric] = kInTableChanged;
  }
}

void HourlyStats::Add(uint32_t slot, int64_t event_time_us, int64_t newest_us, bool late,
                      std::span<const double> values) {
  const int64_t hour_us = HourOf(event_time_us);
  if (late && newest_us >= hour_us + kHourUs + lateness_us_) return;
  OpenHour& hour = Find(slot, hour_us, values.size());
  for (size_t metric = 0; metric < values.size(); ++metric) {
    if (std::isnan(values[metric])) continue;
    hour.stats[metric].Add(values[metric]);
    if (late) ++hour.stats[metric].late;
    Touch(&hour, metric);
  }
}

void HourlyStats::AddAnomaly(uint32_t slot, uint16_t metric, int64_t event_time_us,
                             size_t num_metrics) {
  OpenHour& hour = Find(slot, HourOf(event_time_us), num_metrics);
  ++hour.stats[metric].anomalies;
  Touch(&hour, metric);
}

void HourlyStats::Emit(uint32_t slot, OpenHour* hour, std::vector<HourRow>* out) {
  hour->written.resize(hour->stats.size(), 0);
  for (size_t metric = 0; metric < hour->stats.size(); ++metric) {
    const HourStats& stats = hour->stats[metric];
    if (stats.count == 0 && stats.anomalies == 0) continue;
    if (hour->written[metric] == kInTable) continue;
    out->push_back({.slot = slot,
                    .metric = static_cast<uint16_t>(metric),
                    .hour_us = hour->hour_us,
                    .stats = stats,
                    .amends = hour->written[metric] == kInTableChanged});
    hour->written[metric] = kInTable;
  }
}

void HourlyStats::Close(uint32_t slot, int64_t newest_us, std::vector<HourRow>* out) {
  if (slot >= open_.size()) return;
  std::vector<OpenHour>& hours = open_[slot];
  for (size_t i = 0; i < hours.size();) {
    if (newest_us < hours[i].hour_us + kHourUs + lateness_us_) {
      ++i;
      continue;
    }
    Emit(slot, &hours[i], out);
    hours.erase(hours.begin() + static_cast<std::ptrdiff_t>(i));
  }
  UpdateNextClose(slot);
}

void HourlyStats::Flush(std::vector<HourRow>* out) {
  for (uint32_t slot = 0; slot < open_.size(); ++slot) {
    for (OpenHour& hour : open_[slot]) Emit(slot, &hour, out);
  }
}

void HourlyStats::MarkWritten(uint32_t slot, int64_t hour_us, uint16_t metric, uint32_t count,
                              uint32_t anomalies, uint32_t late) {
  if (slot >= open_.size()) return;
  for (OpenHour& hour : open_[slot]) {
    if (hour.hour_us != hour_us || metric >= hour.stats.size()) continue;
    hour.written.resize(hour.stats.size(), 0);
    const HourStats& stats = hour.stats[metric];
    const bool same = stats.count == count && stats.anomalies == anomalies && stats.late == late;
    hour.written[metric] = same ? kInTable : kInTableChanged;
  }
}

int64_t HourlyStats::OldestOpenHour() const {
  int64_t oldest = std::numeric_limits<int64_t>::max();
  for (const auto& hours : open_) {
    for (const OpenHour& hour : hours) oldest = std::min(oldest, hour.hour_us);
  }
  return oldest;
}

size_t HourlyStats::StateBytes() const {
  size_t total = open_.size() * sizeof(open_[0]);
  for (const auto& hours : open_) {
    total += hours.capacity() * sizeof(OpenHour);
    for (const OpenHour& hour : hours) {
      total += hour.stats.capacity() * sizeof(HourStats) + hour.written.capacity();
    }
  }
  return total;
}

void HourlyStats::Save(StateWriter* out) const {
  out->Put<uint64_t>(open_.size());
  for (const auto& hours : open_) {
    out->Put<uint32_t>(static_cast<uint32_t>(hours.size()));
    for (const OpenHour& hour : hours) {
      out->Put(hour.hour_us);
      out->PutArray<HourStats>(hour.stats);
      out->PutArray<uint8_t>(hour.written);
    }
  }
}

Status HourlyStats::Load(StateReader* in) {
  uint64_t count = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&count));
  open_.clear();
  next_close_.clear();
  for (uint64_t slot = 0; slot < count; ++slot) {
    uint32_t hours = 0;
    AVOCET_RETURN_IF_ERROR(in->Get(&hours));
    open_.emplace_back();
    for (uint32_t i = 0; i < hours; ++i) {
      OpenHour hour;
      AVOCET_RETURN_IF_ERROR(in->Get(&hour.hour_us));
      AVOCET_RETURN_IF_ERROR(in->GetArray(&hour.stats));
      AVOCET_RETURN_IF_ERROR(in->GetArray(&hour.written));
      if (hour.written.size() > hour.stats.size()) {
        return Status::Corrupt("an open hour has more marks than metrics");
      }
      open_.back().push_back(std::move(hour));
    }
    next_close_.push_back(0);
    UpdateNextClose(static_cast<uint32_t>(slot));
  }
  return Status::Ok();
}

}  // namespace avocet
