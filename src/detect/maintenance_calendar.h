// MaintenanceCalendar: which readings of one shard's devices are not to be judged, and how long a
// silence is when maintenance does not count.
//
// Every answer is a function of the configuration and of event times. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/config/maintenance_config.h"
#include "src/config/weekly_schedule.h"
#include "src/state/device_table.h"

namespace avocet {

/// Whether the window is about the device.
bool CoversDevice(const MaintenanceConfig& window, const DevicesConfig& devices,
                  std::string_view device);

class MaintenanceCalendar {
 public:
  /// `windows` and `devices`, which has the labels, are borrowed. REQUIRES: what `every` says can
  /// be read.
  MaintenanceCalendar(std::span<const MaintenanceConfig> windows, const DevicesConfig& devices);

  bool empty() const { return windows_.empty(); }

  /// All metrics so far.
  void SetMetrics(std::span<const std::string> names);

  /// All devices so far, by slot. What is below is asked of their slots only.
  void SetDevices(const DeviceTable& devices);

  /// Makes NaN of the values, by metric, of a reading that are not to be judged.
  void Hide(uint32_t slot, int64_t time_us, std::span<double> values);

  /// Whether the metric, or with kWholeDevice the device, is in maintenance.
  bool Covers(uint32_t slot, uint16_t metric, int64_t time_us);

  /// How much later than `due_us` a reading is due, of which the last was at `since_us`: the time
  /// in maintenance until then. INT64_MAX: no end is in sight.
  int64_t Delay(uint32_t slot, uint16_t metric, int64_t since_us, int64_t due_us) const;

 private:
  struct Window {
    const MaintenanceConfig* config = nullptr;
    std::optional<WeeklySchedule> hours;
    std::vector<uint16_t> metrics;  // of those that are known
    // Whether the hours contain this minute, the last one that was asked for.
    int64_t minute = INT64_MIN;
    bool contained = false;

    bool CoversMetric(uint16_t metric) const;
  };
  using Group = std::vector<uint16_t>;  // the windows of some devices, ascending

  static bool Contains(const Window& window, int64_t time_us);
  static bool ContainsQuickly(Window* window, int64_t time_us);
  static int64_t EndOf(const Window& window, int64_t time_us);
  static int64_t NextBegin(const Window& window, int64_t time_us);
  const Group& GroupOf(uint32_t slot) const { return *groups_[slot]; }

  const DevicesConfig& devices_;
  std::vector<Window> windows_;
  std::map<Group, Group> known_groups_;  // to itself, for its address
  std::vector<const Group*> groups_;     // by slot
};

}  // namespace avocet
