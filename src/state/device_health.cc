#include "src/state/device_health.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace avocet {
namespace {

// A device that was silent for longer was not in use.
constexpr int64_t kLongestGapUs = 7 * 24 * kHourUs;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double OrElse(double value, double otherwise) { return std::isnan(value) ? otherwise : value; }

// How long no reading has been fresh at the end, after `last_us`.
int64_t SilentAtEnd(int64_t last_us, double interval_us, int64_t begin_us, int64_t until_us) {
  if (!(interval_us > 0)) return 0;
  const double fresh_us = ReportingPace::kOutage * interval_us;
  const double stale_since = static_cast<double>(last_us) + fresh_us;
  const double begin = std::max(stale_since, static_cast<double>(begin_us));
  return static_cast<int64_t>(std::max(static_cast<double>(until_us) - begin, 0.0));
}

void Weigh(HealthRow* row) {
  row->health = 100 * std::min(row->availability, row->freshness) * OrElse(row->quality, 1) *
                (1 - OrElse(row->anomaly_share, 0)) * (1 - OrElse(row->drift, 0) / 2);
}

void FillDrift(std::span<const LevelDrift> levels, HealthRow* row) {
  row->drift = kNothing;
  for (size_t metric = 0; metric < levels.size(); ++metric) {
    const double share = levels[metric].Share();
    if (std::isnan(share) || share <= row->drift) continue;
    row->drift = share;
    row->drift_metric = share > 0 ? static_cast<uint16_t>(metric) : HealthRow::kNoDrift;
  }
}

}  // namespace

int64_t DeviceHealth::OnReading(uint32_t slot, int64_t time_us, int64_t previous_us, bool invalid,
                                DeviceHour* hour) {
  const bool late = time_us < previous_us;
  if (slot >= paces_.size()) paces_.resize(slot + size_t{1});
  ReportingPace& pace = paces_[slot];
  const int64_t spacing_us = late || previous_us == kNoTime ? 0 : time_us - previous_us;
  if (spacing_us > 0) pace.Add(time_us, spacing_us);
  if (hour == nullptr) return 0;
  ++hour->readings;
  hour->late += late ? 1 : 0;
  hour->invalid += invalid ? 1 : 0;
  if (late) return 0;
  const double interval_us = pace.interval_us();
  if (hour->readings == hour->late + 1) hour->first_us = time_us;
  hour->last_us = time_us;
  hour->interval_us = interval_us;
  if (spacing_us == 0) return 0;
  const int64_t begin_us = std::max(previous_us, HourOf(time_us));
  const int64_t silent_us = SilentAtEnd(previous_us, interval_us, begin_us, time_us);
  hour->silent_us += silent_us;
  return time_us - begin_us - silent_us;
}

DeviceHealth::Memory DeviceHealth::Recall(uint32_t slot) const {
  Memory memory;
  if (slot < pasts_.size()) memory.past = pasts_[slot];
  for (const auto& levels : levels_) {
    memory.levels.push_back(slot < levels.size() ? levels[slot] : LevelDrift());
  }
  return memory;
}

void DeviceHealth::Remember(uint32_t slot, const Memory& memory) {
  if (slot >= pasts_.size()) pasts_.resize(slot + size_t{1});
  pasts_[slot] = memory.past;
  if (levels_.size() < memory.levels.size()) levels_.resize(memory.levels.size());
  for (size_t metric = 0; metric < memory.levels.size(); ++metric) {
    if (slot >= levels_[metric].size()) levels_[metric].resize(slot + size_t{1});
    levels_[metric][slot] = memory.levels[metric];
  }
}

void DeviceHealth::AppendGap(const EndedHour& hour, const Memory& memory,
                             std::vector<HealthRow>* out) {
  const Past& past = memory.past;
  if (past.next_hour_us == kNoTime || hour.hour_us - past.next_hour_us > kLongestGapUs) return;
  const double interval_us = past.interval_us > 0 ? past.interval_us : hour.device.interval_us;
  for (int64_t gap_us = past.next_hour_us; gap_us < hour.hour_us; gap_us += kHourUs) {
    HealthRow row{.slot = hour.slot, .hour_us = gap_us, .until_us = gap_us + kHourUs};
    const int64_t silent_us = SilentAtEnd(past.last_us, interval_us, gap_us, row.until_us);
    row.freshness = 1 - static_cast<double>(silent_us) / static_cast<double>(kHourUs);
    row.availability = row.freshness;
    row.quality = row.anomaly_share = kNothing;
    FillDrift(memory.levels, &row);
    Weigh(&row);
    out->push_back(row);
  }
}

void DeviceHealth::Append(const EndedHour& hour, Memory* memory, std::vector<HealthRow>* out) {
  Past& past = memory->past;
  const DeviceHour& device = hour.device;
  const bool first = past.next_hour_us == kNoTime;
  const bool in_order = device.readings > device.late;
  const double interval_us = in_order ? device.interval_us : past.interval_us;
  const int64_t last_us = in_order ? device.last_us : past.last_us;
  const int64_t begin_us = first && in_order ? device.first_us : hour.hour_us;
  const auto observed_us = static_cast<double>(hour.until_us - begin_us);
  HealthRow row{.slot = hour.slot,
                .hour_us = hour.hour_us,
                .until_us = hour.until_us,
                .amends = hour.amends,
                .availability = 1,
                .freshness = 1,
                .quality = 1,
                .device = device};
  if (observed_us > 0) {
    const int64_t silent_us =
        device.silent_us +
        SilentAtEnd(last_us, interval_us, std::max(begin_us, last_us), hour.until_us);
    row.freshness = std::clamp(1 - static_cast<double>(silent_us) / observed_us, 0.0, 1.0);
    row.anomaly_share = std::min(static_cast<double>(device.anomalous_us) / observed_us, 1.0);
    if (interval_us > 0) {
      const double expected = std::floor(observed_us / interval_us);
      row.expected = static_cast<int64_t>(std::min(expected, 1e15));
      // Of readings that are rarer, single hours say nothing.
      row.availability = expected < 2 ? row.freshness : std::min(device.readings / expected, 1.0);
    }
  }
  if (device.readings > 0) {
    row.quality = 1 - static_cast<double>(device.invalid) / device.readings;
  }
  if (memory->levels.size() < hour.stats.size()) memory->levels.resize(hour.stats.size());
  for (size_t metric = 0; metric < hour.stats.size(); ++metric) {
    if (hour.stats[metric].count > 0) memory->levels[metric].Learn(hour.stats[metric].mean);
  }
  FillDrift(memory->levels, &row);
  Weigh(&row);
  if (hour.due) out->push_back(row);
  past.next_hour_us = hour.hour_us + kHourUs;
  past.last_us = last_us;
  past.interval_us = interval_us;
}

void DeviceHealth::Close(std::span<const EndedHour> hours, std::vector<HealthRow>* out) {
  for (size_t i = 0; i < hours.size();) {
    const uint32_t slot = hours[i].slot;
    Memory memory = Recall(slot);
    for (; i < hours.size() && hours[i].slot == slot; ++i) {
      if (hours[i].hour_us < memory.past.next_hour_us) continue;  // it has its row
      AppendGap(hours[i], memory, out);
      Append(hours[i], &memory, out);
    }
    Remember(slot, memory);
  }
}

void DeviceHealth::Preview(std::span<const EndedHour> hours, std::vector<HealthRow>* out) const {
  for (size_t i = 0; i < hours.size();) {
    const uint32_t slot = hours[i].slot;
    Memory memory = Recall(slot);
    for (; i < hours.size() && hours[i].slot == slot; ++i) {
      if (hours[i].hour_us >= memory.past.next_hour_us) Append(hours[i], &memory, out);
    }
  }
}

size_t DeviceHealth::StateBytes() const {
  size_t total = paces_.capacity() * sizeof(ReportingPace) + pasts_.capacity() * sizeof(Past);
  for (const auto& levels : levels_) total += levels.capacity() * sizeof(LevelDrift);
  return total;
}

void DeviceHealth::Save(StateWriter* out) const {
  out->PutArray<ReportingPace>(paces_);
  out->PutArray<Past>(pasts_);
  out->Put<uint64_t>(levels_.size());
  for (const auto& levels : levels_) out->PutArray<LevelDrift>(levels);
}

Status DeviceHealth::Load(StateReader* in) {
  AVOCET_RETURN_IF_ERROR(in->GetArray(&paces_));
  AVOCET_RETURN_IF_ERROR(in->GetArray(&pasts_));
  uint64_t metrics = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&metrics));
  levels_.clear();
  for (uint64_t metric = 0; metric < metrics; ++metric) {
    AVOCET_RETURN_IF_ERROR(in->GetArray(&levels_.emplace_back()));
  }
  return Status::Ok();
}

}  // namespace avocet
