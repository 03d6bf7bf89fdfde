#include "src/cli/fault_score.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace avocet {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kMicrosPerSecond = 1e6;
constexpr double kMicrosPerDay = 86'400e6;

bool Concerns(const Alarm& alarm, const TruthWindow& window) {
  return alarm.metric.empty() || window.metric.empty() || alarm.metric == window.metric;
}

using AlarmsOfDevices = std::map<std::string, std::vector<const Alarm*>>;

AlarmsOfDevices ByDevice(const std::vector<Alarm>& alarms) {
  AlarmsOfDevices by_device;
  for (const Alarm& alarm : alarms) by_device[alarm.device].push_back(&alarm);
  return by_device;
}

void ScoreWindow(const TruthWindow& window, const std::vector<const Alarm*>& alarms,
                 const ScoreRules& rules, FaultScore* score) {
  const bool is_short = window.end_us - window.start_us <= rules.short_us;
  const int64_t until = window.end_us + (is_short ? rules.tolerance_us : 0);
  KindScore& kind = score->kinds[window.fault];
  ++score->all.faults;
  ++kind.faults;
  const auto found = std::find_if(alarms.begin(), alarms.end(), [&](const Alarm* alarm) {
    return alarm->time_us >= window.start_us && alarm->time_us <= until && Concerns(*alarm, window);
  });
  if (found == alarms.end()) return;
  const double delay_s =
      static_cast<double>((*found)->time_us - window.start_us) / kMicrosPerSecond;
  for (KindScore* each : {&score->all, &kind}) {
    ++each->found;
    each->delays_s.push_back(delay_s);
  }
}

double DeviceDays(const std::map<std::string, ObservedSpan>& devices, int64_t from_us) {
  double micros = 0;
  for (const auto& [name, span] : devices) {
    if (span.watched_us >= 0) {
      micros += static_cast<double>(span.watched_us);
    } else if (span.last_us > std::max(span.first_us, from_us)) {
      micros += static_cast<double>(span.last_us - std::max(span.first_us, from_us));
    }
  }
  return micros / kMicrosPerDay;
}

}  // namespace

double FaultScore::Recall() const {
  return all.faults == 0 ? kUnknown
                         : static_cast<double>(all.found) / static_cast<double>(all.faults);
}

double FaultScore::Precision() const {
  const uint64_t raised = all.found + false_alarms;
  return raised == 0 ? kUnknown : static_cast<double>(all.found) / static_cast<double>(raised);
}

double FaultScore::FalseAlarmsPerDeviceDay() const {
  return device_days > 0 ? static_cast<double>(false_alarms) / device_days : kUnknown;
}

double Quantile(const std::vector<double>& ascending, double share) {
  if (ascending.empty()) return kUnknown;
  const double place = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  const double part = place - static_cast<double>(below);
  return ascending[below] + part * (ascending[above] - ascending[below]);
}

FaultScore ScoreAlarms(std::vector<Alarm> alarms, const std::vector<TruthWindow>& truth,
                       const std::map<std::string, ObservedSpan>& devices,
                       const ScoreRules& rules) {
  std::erase_if(alarms, [&](const Alarm& alarm) { return alarm.time_us < rules.from_us; });
  std::sort(alarms.begin(), alarms.end(), [](const Alarm& a, const Alarm& b) {
    return std::tie(a.device, a.time_us, a.metric) < std::tie(b.device, b.time_us, b.metric);
  });
  FaultScore score;
  score.alarms = alarms.size();
  score.device_days = DeviceDays(devices, rules.from_us);
  const AlarmsOfDevices by_device = ByDevice(alarms);
  std::map<std::string, std::vector<const TruthWindow*>> windows;
  for (const TruthWindow& window : truth) {
    windows[window.device].push_back(&window);
    if (window.start_us < rules.from_us) continue;
    const auto own = by_device.find(window.device);
    static const std::vector<const Alarm*> kNoAlarms;
    ScoreWindow(window, own == by_device.end() ? kNoAlarms : own->second, rules, &score);
  }
  for (auto& [name, kind] : score.kinds) std::sort(kind.delays_s.begin(), kind.delays_s.end());
  std::sort(score.all.delays_s.begin(), score.all.delays_s.end());

  std::map<std::pair<std::string, std::string>, int64_t> last_false;
  for (const Alarm& alarm : alarms) {
    const std::vector<const TruthWindow*>& own = windows[alarm.device];
    const bool excused = std::any_of(own.begin(), own.end(), [&](const TruthWindow* window) {
      return alarm.time_us >= window->start_us &&
             alarm.time_us <= window->end_us + rules.aftermath_us && Concerns(alarm, *window);
    });
    if (excused) continue;
    const auto [last, is_first] =
        last_false.try_emplace({alarm.device, alarm.metric}, alarm.time_us);
    if (is_first || alarm.time_us - last->second > rules.merge_us) ++score.false_alarms;
    last->second = alarm.time_us;
  }
  return score;
}

}  // namespace avocet
