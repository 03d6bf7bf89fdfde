#include "src/server/live_fleet.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
// An anomaly colours its device for so long.
constexpr int64_t kRecent = kHour;
// A device is silent after so many of its periods, and not before a minute.
constexpr int64_t kSilentPeriods = 10;
constexpr int64_t kSilentAtLeast = 60 * kSecond;
constexpr size_t kFirstRows = 32;
constexpr size_t kMostRows = 4096;
// How many rows may pass before a device has sent each of its metrics.
constexpr size_t kTurns = 16;
constexpr uint32_t kLooksPerTick = 64;

}  // namespace

std::string_view DeviceStateName(DeviceState state) {
  switch (state) {
    case DeviceState::kOk:
      return "ok";
    case DeviceState::kWarning:
      return "warning";
    case DeviceState::kCritical:
      return "critical";
    case DeviceState::kSilent:
      return "silent";
  }
  return "";
}

double DeviceSummary::quality() const {
  if (readings == 0) return 1;
  const uint64_t bad = std::min(readings, late + invalid);
  return 1 - static_cast<double>(bad) / static_cast<double>(readings);
}

LiveFleet::LiveFleet(AnomalyFeed* feed, AlertBoard* board, size_t ring_bytes)
    : feed_(feed), board_(board), ring_bytes_(ring_bytes) {}

void LiveFleet::OnReadings(size_t shard_index, std::span<Piece* const> pieces,
                           const ShardView& view, std::span<const std::string> metrics) {
  Shard& shard = shards_[shard_index];
  const DeviceTable& devices = view.devices;
  {
    std::lock_guard lock(metrics_mutex_);
    if (metrics_.size() < metrics.size()) metrics_.assign(metrics.begin(), metrics.end());
  }
  std::lock_guard lock(shard.mutex);
  for (auto slot = static_cast<uint32_t>(shard.devices.size()); slot < devices.size(); ++slot) {
    Track device;
    // A device that is older than this program has readings that are in the tables only.
    if (pieces.empty()) {
      device.last_us = devices.newest_us[slot];
      device.has_lost_rows = true;
    }
    device.name = &shard.slots.emplace(devices.name(slot), slot).first->first;
    shard.devices.push_back(std::move(device));
  }
  int64_t newest = fleet_time_us();
  for (const Track& device : shard.devices) {
    if (!pieces.empty()) break;
    newest = std::max(newest, device.last_us);
  }
  for (const Piece* piece : pieces) {
    for (const uint32_t row : piece->shard_rows[shard_index]) {
      if (piece->fate[row] == RowFate::kDuplicate) continue;
      AddRow(&shard.devices[piece->slot[row]], *piece, row);
      newest = std::max(newest, piece->readings.event_time_us[row]);
    }
  }
  LookAtDetectors(view, &shard);
  int64_t known = fleet_time_us();
  while (known < newest && !fleet_time_us_.compare_exchange_weak(known, newest)) {
  }
}

// Some devices in each tick, in turn: what they hold back changes seldom.
void LiveFleet::LookAtDetectors(const ShardView& view, Shard* shard) {
  const auto num_devices = static_cast<uint32_t>(shard->devices.size());
  for (uint32_t i = 0; i < std::min(kLooksPerTick, num_devices); ++i) {
    const uint32_t slot = shard->next_look++ % num_devices;
    std::vector<HeldBack>& held_back = shard->devices[slot].held_back;
    held_back.clear();
    for (const auto& detector : view.detectors) detector->ListHeldBack(slot, &held_back);
  }
}

void LiveFleet::AddRow(Track* track, const Piece& piece, uint32_t row) {
  Track& device = *track;
  ++device.readings;
  device.invalid += piece.invalid[row];
  if (piece.late[row] != 0) {
    ++device.late;
    return;
  }
  const int64_t time_us = piece.readings.event_time_us[row];
  if (device.last_us != kNoTime && time_us > device.last_us) {
    const int64_t gap = time_us - device.last_us;
    device.period_us =
        device.period_us == 0 ? gap : device.period_us + (gap - device.period_us) / 8;
  }
  device.last_us = time_us;
  if (piece.fate[row] != RowFate::kKept) return;
  const size_t num_metrics = piece.means.size();
  if (device.ring.num_metrics() < num_metrics) {
    const size_t before = device.ring.size_bytes();
    device.ring.SetMetrics(num_metrics);
    ring_bytes_used_ += device.ring.size_bytes() - before;
  }
  if (device.ring.size() == device.ring.capacity()) GrowRing(&device, num_metrics);
  device.has_lost_rows = device.has_lost_rows || device.ring.size() == device.ring.capacity();
  if (device.ring.capacity() == 0) return;
  device.ring.Push(time_us);
  for (size_t m = 0; m < num_metrics; ++m) {
    device.ring.Set(m, piece.readings.metrics[m][row], piece.means[m][row]);
  }
}

void LiveFleet::GrowRing(Track* device, size_t num_metrics) {
  const size_t rows = std::max(kFirstRows, 2 * device->ring.capacity());
  if (rows > kMostRows) return;
  const size_t more = ReadingRing::BytesFor(rows - device->ring.capacity(), num_metrics);
  if (ring_bytes_used_ + more > ring_bytes_) return;
  ring_bytes_used_ += more;
  device->ring.Grow(rows);
}

void LiveFleet::OnAnomalies(const ColumnBatch& anomalies) {
  if (anomalies.rows() == 0) return;
  std::vector<AnomalyRow> rows;
  rows.reserve(anomalies.rows());
  for (size_t row = 0; row < anomalies.rows(); ++row) rows.push_back(AnomalyAt(anomalies, row));
  Remember(rows);
}

void LiveFleet::Remember(const std::vector<AnomalyRow>& rows) {
  for (const AnomalyRow& row : rows) CountAnomaly(row);
  feed_->Add(rows);
}

void LiveFleet::CountAnomaly(const AnomalyRow& row) {
  Shard& shard = shards_[ShardOf(DeviceHash(row.device))];
  std::lock_guard lock(shard.mutex);
  const auto found = shard.slots.find(row.device);
  if (found == shard.slots.end()) return;
  Track& device = shard.devices[found->second];
  if (row.severity == "critical") {
    device.critical_us = std::max(device.critical_us, row.event_time_us);
  } else if (row.severity == "warning") {
    device.warning_us = std::max(device.warning_us, row.event_time_us);
  }
  const int64_t hour = row.event_time_us / kHour;
  if (hour > device.hour) {
    auto& counts = device.anomalies;
    const auto shift = static_cast<std::ptrdiff_t>(
        std::min<int64_t>(hour - device.hour, static_cast<int64_t>(counts.size())));
    std::move_backward(counts.begin(), counts.end() - shift, counts.end());
    std::fill(counts.begin(), counts.begin() + shift, uint16_t{0});
    device.hour = hour;
  }
  const auto age = static_cast<size_t>(device.hour - hour);
  if (age < device.anomalies.size() && device.anomalies[age] < UINT16_MAX) ++device.anomalies[age];
}

DeviceState LiveFleet::StateOf(const Track& device, int64_t now_us) {
  const auto is_recent = [&](int64_t time) { return time != kNoTime && now_us - time < kRecent; };
  const int64_t patience = std::max(kSilentAtLeast, kSilentPeriods * device.period_us);
  if (device.last_us == kNoTime || now_us - device.last_us > patience) return DeviceState::kSilent;
  if (is_recent(device.critical_us)) return DeviceState::kCritical;
  return is_recent(device.warning_us) ? DeviceState::kWarning : DeviceState::kOk;
}

DeviceSummary LiveFleet::Summarize(const Track& device, int64_t now_us) {
  DeviceSummary out{.name = *device.name,
                    .state = StateOf(device, now_us),
                    .last_us = device.last_us,
                    .period_us = device.period_us,
                    .readings = device.readings,
                    .late = device.late,
                    .invalid = device.invalid,
                    .values = {},
                    .held_back = {}};
  const auto age = static_cast<size_t>(std::max<int64_t>(0, now_us / kHour - device.hour));
  for (size_t i = 0; i + age < device.anomalies.size(); ++i) {
    out.anomalies_24h += device.anomalies[i];
  }
  return out;
}

std::vector<std::string> LiveFleet::metrics() const {
  std::lock_guard lock(metrics_mutex_);
  return metrics_;
}

std::array<uint64_t, kNumDeviceStates> LiveFleet::CountStates() const {
  const int64_t now_us = fleet_time_us();
  std::array<uint64_t, kNumDeviceStates> counts{};
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    for (const Track& device : shard.devices)
      ++counts[static_cast<size_t>(StateOf(device, now_us))];
  }
  return counts;
}

std::vector<DeviceSummary> LiveFleet::Devices() const {
  const int64_t now_us = fleet_time_us();
  std::vector<DeviceSummary> all;
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    for (const Track& device : shard.devices) all.push_back(Summarize(device, now_us));
  }
  return all;
}

const LiveFleet::Shard& LiveFleet::ShardOfDevice(std::string_view name) const {
  return shards_[ShardOf(DeviceHash(name))];
}

std::optional<DeviceSummary> LiveFleet::Device(std::string_view name) const {
  const Shard& shard = ShardOfDevice(name);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.slots.find(std::string(name));
  if (found == shard.slots.end()) return std::nullopt;
  const Track& device = shard.devices[found->second];
  DeviceSummary out = Summarize(device, fleet_time_us());
  out.held_back = device.held_back;
  const ReadingRing& ring = device.ring;
  for (size_t m = 0; m < ring.num_metrics(); ++m) {
    double value = std::nan("");
    // A device may send its metrics in turn.
    for (size_t back = 1; back <= std::min(ring.size(), kTurns) && std::isnan(value); ++back) {
      value = ring.value(ring.size() - back, m);
    }
    out.values.push_back(value);
  }
  return out;
}

std::vector<double> LiveFleet::Sparkline(std::string_view device, size_t metric,
                                         size_t points) const {
  const Shard& shard = ShardOfDevice(device);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.slots.find(std::string(device));
  if (found == shard.slots.end()) return {};
  const ReadingRing& ring = shard.devices[found->second].ring;
  if (metric >= ring.num_metrics() || ring.size() == 0) return {};
  const size_t rows = std::min(ring.size(), points * 8);
  const size_t first = ring.size() - rows;
  const size_t count = std::min(points, rows);
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i) {
    double sum = 0;
    size_t n = 0;
    for (size_t row = first + rows * i / count; row < first + rows * (i + 1) / count; ++row) {
      const double value = ring.value(row, metric);
      if (std::isnan(value)) continue;
      sum += value;
      ++n;
    }
    out.push_back(n == 0 ? std::nan("") : sum / static_cast<double>(n));
  }
  return out;
}

int64_t LiveFleet::AddReadings(std::string_view name, const std::vector<size_t>& metrics,
                               int64_t from_us, SeriesBuckets* out) const {
  const Shard& shard = ShardOfDevice(name);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.slots.find(std::string(name));
  if (found == shard.slots.end()) return INT64_MAX;
  const Track& device = shard.devices[found->second];
  const ReadingRing& ring = device.ring;
  if (ring.size() == 0) return INT64_MAX;
  // Readings with the time of the oldest row may have been overwritten.
  const int64_t complete_us = device.has_lost_rows ? ring.time_us(0) + 1 : kNoTime;
  std::vector<double> values(metrics.size());
  std::vector<double> means(metrics.size());
  for (size_t row = ring.FirstFrom(std::max(from_us, complete_us)); row < ring.size(); ++row) {
    for (size_t i = 0; i < metrics.size(); ++i) {
      const bool known = metrics[i] < ring.num_metrics();
      values[i] = known ? ring.value(row, metrics[i]) : std::nan("");
      means[i] = known ? ring.mean(row, metrics[i]) : std::nan("");
    }
    out->Add(ring.time_us(row), values, means);
  }
  return complete_us;
}

}  // namespace avocet
