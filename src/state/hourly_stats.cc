#include "src/state/hourly_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace avocet {
namespace {
constexpr uint8_t kInTable = 1;
constexpr uint8_t kInTableChanged = 2;

bool Earlier(const EndedHour& a, const EndedHour& b) { return a.hour_us < b.hour_us; }

}  // namespace

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

HourlyStats::OpenHour* HourlyStats::FindOpen(uint32_t slot, int64_t hour_us) {
  if (slot >= open_.size()) return nullptr;
  std::vector<OpenHour>& hours = open_[slot];
  // The newest hour is the last one added and nearly always the one that is asked for.
  for (size_t i = hours.size(); i-- > 0;) {
    if (hours[i].hour_us == hour_us) return &hours[i];
  }
  return nullptr;
}

HourlyStats::OpenHour& HourlyStats::Find(uint32_t slot, int64_t hour_us, size_t num_metrics) {
  if (OpenHour* hour = FindOpen(slot, hour_us)) {
    if (hour->stats.size() < num_metrics) hour->stats.resize(num_metrics);
    return *hour;
  }
  if (slot >= open_.size()) {
    open_.resize(slot + 1);
    next_close_.resize(slot + 1, std::numeric_limits<int64_t>::max());
  }
  OpenHour& hour = open_[slot].emplace_back();
  hour.hour_us = hour_us;
  hour.stats.resize(num_metrics);
  next_close_[slot] = std::min(next_close_[slot], hour_us + kHourUs + lateness_us_);
  return hour;
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

DeviceHour* HourlyStats::Add(uint32_t slot, int64_t event_time_us, int64_t newest_us, bool late,
                             std::span<const double> values) {
  const int64_t hour_us = HourOf(event_time_us);
  if (late && newest_us >= hour_us + kHourUs + lateness_us_) return nullptr;
  OpenHour& hour = Find(slot, hour_us, values.size());
  for (size_t metric = 0; metric < values.size(); ++metric) {
    if (std::isnan(values[metric])) continue;
    hour.stats[metric].Add(values[metric]);
    if (late) ++hour.stats[metric].late;
    Touch(&hour, metric);
  }
  return &hour.device;
}

DeviceHour* HourlyStats::FindDevice(uint32_t slot, int64_t event_time_us) {
  OpenHour* hour = FindOpen(slot, HourOf(event_time_us));
  return hour == nullptr ? nullptr : &hour->device;
}

void HourlyStats::AddAnomaly(uint32_t slot, uint16_t metric, int64_t event_time_us,
                             size_t num_metrics) {
  OpenHour& hour = Find(slot, HourOf(event_time_us), num_metrics);
  ++hour.stats[metric].anomalies;
  ++hour.device.anomalies;
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

void HourlyStats::Close(uint32_t slot, int64_t newest_us, std::vector<HourRow>* out,
                        std::vector<EndedHour>* ended) {
  if (slot >= open_.size()) return;
  std::vector<OpenHour>& hours = open_[slot];
  const auto first = static_cast<std::ptrdiff_t>(ended->size());
  for (size_t i = 0; i < hours.size();) {
    OpenHour& hour = hours[i];
    const int64_t end_us = hour.hour_us + kHourUs;
    if (newest_us < end_us + lateness_us_) {
      ++i;
      continue;
    }
    Emit(slot, &hour, out);
    ended->push_back({.slot = slot,
                      .hour_us = hour.hour_us,
                      .until_us = end_us,
                      .amends = hour.health_until_us != kNotWritten,
                      .device = hour.device,
                      .stats = std::move(hour.stats)});
    hours.erase(hours.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::sort(ended->begin() + first, ended->end(), Earlier);
  UpdateNextClose(slot);
}

void HourlyStats::Flush(std::span<const int64_t> newest_us, std::vector<HourRow>* out,
                        std::vector<EndedHour>* ended) {
  for (uint32_t slot = 0; slot < open_.size(); ++slot) {
    std::vector<OpenHour>& hours = open_[slot];
    for (OpenHour& hour : hours) Emit(slot, &hour, out);
    std::sort(hours.begin(), hours.end(),
              [](const OpenHour& a, const OpenHour& b) { return a.hour_us < b.hour_us; });
    bool due = false;  // what an hour says depends on those before it
    for (OpenHour& hour : hours) {
      const int64_t until_us = std::min(newest_us[slot], hour.hour_us + kHourUs);
      due = due || hour.health_until_us != until_us ||
            hour.health_readings != hour.device.readings ||
            hour.health_anomalies != hour.device.anomalies;
      ended->push_back({.slot = slot,
                        .hour_us = hour.hour_us,
                        .until_us = until_us,
                        .due = due,
                        .amends = hour.health_until_us != kNotWritten,
                        .device = hour.device,
                        .stats = hour.stats});
      MarkHealth(&hour, until_us, hour.device.readings, hour.device.anomalies);
    }
  }
}

void HourlyStats::MarkHealth(OpenHour* hour, int64_t until_us, uint32_t readings,
                             uint32_t anomalies) {
  hour->health_until_us = until_us;
  hour->health_readings = readings;
  hour->health_anomalies = anomalies;
}

void HourlyStats::MarkHealthWritten(uint32_t slot, int64_t hour_us, int64_t until_us,
                                    uint32_t readings, uint32_t anomalies) {
  OpenHour* hour = FindOpen(slot, hour_us);
  if (hour != nullptr) MarkHealth(hour, until_us, readings, anomalies);
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
      out->Put(hour.device);
      out->Put(hour.health_until_us);
      out->Put(hour.health_readings);
      out->Put(hour.health_anomalies);
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
      AVOCET_RETURN_IF_ERROR(in->Get(&hour.device));
      AVOCET_RETURN_IF_ERROR(in->Get(&hour.health_until_us));
      AVOCET_RETURN_IF_ERROR(in->Get(&hour.health_readings));
      AVOCET_RETURN_IF_ERROR(in->Get(&hour.health_anomalies));
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
