#include "src/engine/piece.h"

#include <algorithm>
#include <cmath>

#include "src/base/hash.h"

namespace avocet {

void Piece::Prepare(size_t num_metrics) {
  const size_t rows = readings.rows;
  device_hash.resize(rows);
  record_hash.resize(rows);
  fleet_time_us.resize(rows);
  for (auto& shard : shard_rows) shard.clear();
  int64_t newest = kNoTime;
  for (size_t row = 0; row < rows; ++row) {
    const int64_t time = readings.event_time_us[row];
    device_hash[row] = DeviceHash(readings.device[row]);
    record_hash[row] = Hash64(readings.payload[row], static_cast<uint64_t>(time));
    fleet_time_us[row] = newest;
    newest = std::max(newest, time);
    shard_rows[ShardOf(device_hash[row])].push_back(static_cast<uint32_t>(row));
  }
  readings.metrics.resize(num_metrics);
  means.resize(num_metrics);
  for (size_t metric = 0; metric < num_metrics; ++metric) {
    readings.metrics[metric].resize(rows, kNullValue);
    means[metric].resize(rows);
  }
  slot.assign(rows, kNoSlot);
  late.assign(rows, 0);
  fate.assign(rows, RowFate::kKept);
  invalid.assign(rows, 0);
}

int64_t Piece::FleetTimeAfter() const {
  if (readings.rows == 0) return fleet_time_before_us;
  return std::max({fleet_time_before_us, fleet_time_us.back(), readings.event_time_us.back()});
}

}  // namespace avocet
