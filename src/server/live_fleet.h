// LiveFleet: what the dashboard shows of the devices, kept up to date by the engine's ticks.
//
// Memory is bounded: a fixed part for each device, and rings of readings within a budget.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/engine/live_observer.h"
#include "src/server/alert_board.h"
#include "src/server/anomaly_feed.h"
#include "src/server/reading_ring.h"
#include "src/server/series_buckets.h"

namespace avocet {

enum class DeviceState : uint8_t { kOk, kWarning, kCritical, kSilent };
inline constexpr size_t kNumDeviceStates = 4;
std::string_view DeviceStateName(DeviceState state);

/// A device at one moment of the stream's clock.
struct DeviceSummary {
  std::string name;
  DeviceState state = DeviceState::kOk;
  int64_t last_us = kNoTime;  ///< newest event time; kNoTime: never
  int64_t period_us = 0;      ///< typical time between two readings; 0: unknown
  uint64_t readings = 0;      ///< since the start of the program, as the other counters
  uint64_t late = 0;
  uint64_t invalid = 0;             ///< readings that broke a quality rule
  uint32_t anomalies_24h = 0;       ///< of event time
  std::vector<double> values;       ///< newest per metric; NaN: none; only of Device
  std::vector<HeldBack> held_back;  ///< metrics as indexes of metrics(); only of Device
  /// Share of readings that came in time and broke no rule, 0..1; 1 without readings.
  double quality() const;
};

/// Any thread may ask; the engine tells.
class LiveFleet : public LiveObserver {
 public:
  /// `feed` is told of anomalies, `board` of alerts. `ring_bytes` is what the rings of readings may
  /// take together.
  LiveFleet(AnomalyFeed* feed, AlertBoard* board, size_t ring_bytes);

  void OnReadings(size_t shard, std::span<Piece* const> pieces, const ShardView& view,
                  std::span<const std::string> metrics) override;
  void OnAnomalies(const ColumnBatch& anomalies) override;
  void OnAlerts(std::span<const AlertChange> changes) override { board_->Add(changes); }
  /// Anomalies that were found before this run.
  void Remember(const std::vector<AnomalyRow>& rows);

  /// Newest event time of the fleet, kNoTime before the first reading.
  int64_t fleet_time_us() const { return fleet_time_us_.load(std::memory_order_relaxed); }
  std::vector<std::string> metrics() const;

  /// How many devices are in each state.
  std::array<uint64_t, kNumDeviceStates> CountStates() const;
  std::vector<DeviceSummary> Devices() const;
  std::optional<DeviceSummary> Device(std::string_view name) const;
  /// The newest values of a metric as `points` means, oldest first; fewer when there are fewer.
  std::vector<double> Sparkline(std::string_view device, size_t metric, size_t points) const;

  /// Adds the readings in memory from `from_us` on, with `metrics` (indexes) in that order. Returns
  /// since when memory is complete: kNoTime when it is from the beginning of the device on, the
  /// end of time when nothing is in memory.
  int64_t AddReadings(std::string_view device, const std::vector<size_t>& metrics, int64_t from_us,
                      SeriesBuckets* out) const;

 private:
  struct Track {
    int64_t last_us = kNoTime;
    int64_t period_us = 0;
    uint64_t readings = 0, late = 0, invalid = 0;
    ReadingRing ring;
    bool has_lost_rows = false;         // the ring does not go back to the first reading
    const std::string* name = nullptr;  // in `slots`
    int64_t warning_us = kNoTime;       // event time of the newest anomaly of that severity
    int64_t critical_us = kNoTime;
    int64_t hour = 0;                      // hours since 1970 of anomalies[0]
    std::array<uint16_t, 24> anomalies{};  // per hour, newest first
    std::vector<HeldBack> held_back;       // as it was at the last look
  };
  struct Shard {
    mutable std::mutex mutex;
    std::vector<Track> devices;                       // guarded by mutex
    std::unordered_map<std::string, uint32_t> slots;  // by name; guarded by mutex
    uint32_t next_look = 0;  // slot whose detectors are asked next; guarded by mutex
  };

  static void LookAtDetectors(const ShardView& view, Shard* shard);
  void AddRow(Track* track, const Piece& piece, uint32_t row);
  void GrowRing(Track* device, size_t num_metrics);
  void CountAnomaly(const AnomalyRow& row);
  static DeviceState StateOf(const Track& device, int64_t now_us);
  static DeviceSummary Summarize(const Track& device, int64_t now_us);
  const Shard& ShardOfDevice(std::string_view name) const;

  AnomalyFeed* feed_;
  AlertBoard* board_;
  const size_t ring_bytes_;
  std::atomic<size_t> ring_bytes_used_ = 0;
  std::atomic<int64_t> fleet_time_us_ = kNoTime;
  std::array<Shard, kNumShards> shards_;
  mutable std::mutex metrics_mutex_;
  std::vector<std::string> metrics_;  // guarded by metrics_mutex_
};

}  // namespace avocet
