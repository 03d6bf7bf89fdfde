#include "src/detect/maintenance_calendar.h"

#include <algorithm>
#include <limits>

#include "src/base/check.h"
#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"
#include "src/base/glob.h"
#include "src/config/device_labels.h"
#include "src/detect/reporting_clock.h"

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// A silence with more windows in it is not measured.
constexpr int kMostWindows = 10'000;

}  // namespace

bool CoversDevice(const MaintenanceConfig& window, const DevicesConfig& devices,
                  std::string_view device) {
  const bool named = window.devices.empty() ||
                     std::any_of(window.devices.begin(), window.devices.end(),
                                 [&](const std::string& p) { return MatchesGlob(p, device); });
  return named && (window.labels.empty() || FitLabels(window.labels, LabelsOf(devices, device)));
}

MaintenanceCalendar::MaintenanceCalendar(std::span<const MaintenanceConfig> windows,
                                         const DevicesConfig& devices)
    : devices_(devices) {
  for (const MaintenanceConfig& config : windows) {
    Window& window = windows_.emplace_back();
    window.config = &config;
    if (config.every.empty()) continue;
    auto hours = WeeklySchedule::Parse(config.every);
    AVOCET_CHECK(hours.ok());
    window.hours = std::move(hours).value();
  }
}

void MaintenanceCalendar::SetMetrics(std::span<const std::string> names) {
  for (Window& window : windows_) {
    window.metrics.clear();
    for (const std::string& metric : window.config->metrics) {
      const auto found = std::find(names.begin(), names.end(), metric);
      if (found != names.end()) {
        window.metrics.push_back(static_cast<uint16_t>(found - names.begin()));
      }
    }
  }
}

void MaintenanceCalendar::SetDevices(const DeviceTable& devices) {
  if (empty()) return;
  for (auto slot = static_cast<uint32_t>(groups_.size()); slot < devices.size(); ++slot) {
    Group group;
    for (uint16_t i = 0; i < windows_.size(); ++i) {
      if (CoversDevice(*windows_[i].config, devices_, devices.name(slot))) group.push_back(i);
    }
    groups_.push_back(&known_groups_.emplace(group, group).first->second);
  }
}

bool MaintenanceCalendar::Window::CoversMetric(uint16_t metric) const {
  return config->metrics.empty() ||
         std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
}

void MaintenanceCalendar::Hide(uint32_t slot, int64_t time_us, std::span<double> values) {
  if (empty()) return;
  for (const uint16_t i : GroupOf(slot)) {
    Window& window = windows_[i];
    if (!ContainsQuickly(&window, time_us)) continue;
    if (window.config->metrics.empty()) std::fill(values.begin(), values.end(), kNone);
    for (const uint16_t metric : window.metrics) values[metric] = kNone;
  }
}

bool MaintenanceCalendar::Covers(uint32_t slot, uint16_t metric, int64_t time_us) {
  if (empty()) return false;
  const Group& group = GroupOf(slot);
  return std::any_of(group.begin(), group.end(), [&](uint16_t i) {
    return windows_[i].CoversMetric(metric) && ContainsQuickly(&windows_[i], time_us);
  });
}

int64_t MaintenanceCalendar::Delay(uint32_t slot, uint16_t metric, int64_t since_us,
                                   int64_t due_us) const {
  if (empty()) return 0;
  int64_t now_us = since_us;
  int64_t due_now_us = due_us;  // were there no maintenance from now on
  for (int i = 0; i < kMostWindows; ++i) {
    int64_t end_us = now_us, begin_us = INT64_MAX;
    for (const uint16_t index : GroupOf(slot)) {
      const Window& window = windows_[index];
      if (!window.CoversMetric(metric)) continue;
      if (Contains(window, now_us)) {
        end_us = std::max(end_us, EndOf(window, now_us));
      } else {
        begin_us = std::min(begin_us, NextBegin(window, now_us));
      }
    }
    if (end_us == INT64_MAX) return INT64_MAX;
    if (end_us == now_us && begin_us >= due_now_us) return due_now_us - due_us;
    due_now_us = SaturatingAdd(due_now_us, SaturatingSubtract(end_us, now_us));
    now_us = end_us == now_us ? begin_us : end_us;
  }
  return INT64_MAX;
}

bool MaintenanceCalendar::Contains(const Window& window, int64_t time_us) {
  const MaintenanceConfig& config = *window.config;
  if (time_us < config.from_us && config.from_us != 0) return false;
  if (time_us >= config.until_us && config.until_us != 0) return false;
  return !window.hours || window.hours->Contains(time_us);
}

bool MaintenanceCalendar::ContainsQuickly(Window* window, int64_t time_us) {
  if (!window->hours) return Contains(*window, time_us);
  const int64_t minute = FloorDivide(time_us, kMicrosPerMinute);
  if (window->minute != minute) {
    window->minute = minute;
    window->contained = window->hours->Contains(time_us);
  }
  const MaintenanceConfig& config = *window->config;
  return window->contained && (config.from_us == 0 || time_us >= config.from_us) &&
         (config.until_us == 0 || time_us < config.until_us);
}

int64_t MaintenanceCalendar::EndOf(const Window& window, int64_t time_us) {
  const int64_t until_us = window.config->until_us == 0 ? INT64_MAX : window.config->until_us;
  return window.hours ? std::min(until_us, window.hours->EndOf(time_us)) : until_us;
}

int64_t MaintenanceCalendar::NextBegin(const Window& window, int64_t time_us) {
  const MaintenanceConfig& config = *window.config;
  int64_t begin_us = INT64_MAX;
  if (config.from_us != 0 && time_us < config.from_us) {
    const bool opens = !window.hours || window.hours->Contains(config.from_us);
    begin_us = opens ? config.from_us : window.hours->NextBegin(config.from_us);
  } else if (window.hours) {
    begin_us = window.hours->NextBegin(time_us);
  }
  return config.until_us != 0 && begin_us >= config.until_us ? INT64_MAX : begin_us;
}

}  // namespace avocet
