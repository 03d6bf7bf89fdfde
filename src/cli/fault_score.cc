#include "src/cli/fault_score.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

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
      static_cast<double>((*found)->time_us - window.start_us) / double{kMicrosPerSecond};
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
  return micros / double{kMicrosPerDay};
}

void Number(double value, std::string_view key, JsonWriter* json) {
  json->Key(key);
  if (std::isnan(value)) {
    json->Null();
  } else {
    json->Double(value);
  }
}

void Kind(const KindScore& kind, JsonWriter* json) {
  json->Field("faults", kind.faults).Field("found", kind.found);
  Number(Quantile(kind.delays_s, 0.5), "delay_seconds_median", json);
  Number(Quantile(kind.delays_s, 0.9), "delay_seconds_p90", json);
}

}  // namespace

void AlarmData::Add(Alarm row, bool is_alarm) {
  devices[row.device].Add(row.time_us);
  has_readings_ = has_readings_ || !is_alarm;
  if (is_alarm) alarms.push_back(std::move(row));
}

void AlarmData::Finish() {
  if (!has_readings_) devices.clear();
}

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
  const int64_t aftermath_us = std::max(rules.aftermath_us, rules.tolerance_us);
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
      return alarm.time_us >= window->start_us && alarm.time_us <= window->end_us + aftermath_us &&
             Concerns(alarm, *window);
    });
    if (excused) continue;
    const auto [last, is_first] =
        last_false.try_emplace({alarm.device, alarm.metric}, alarm.time_us);
    if (is_first || alarm.time_us - last->second > rules.merge_us) ++score.false_alarms;
    last->second = alarm.time_us;
  }
  return score;
}

std::string FaultScoreJson(const FaultScore& score) {
  JsonWriter json;
  json.BeginObject();
  Number(score.Recall(), "recall", &json);
  Number(score.Precision(), "precision", &json);
  json.Field("alarms", score.alarms).Field("false_alarms", score.false_alarms);
  Number(score.device_days > 0 ? score.device_days : std::nan(""), "device_days", &json);
  Number(score.FalseAlarmsPerDeviceDay(), "false_alarms_per_device_day", &json);
  Kind(score.all, &json);
  json.Key("kinds").BeginObject();
  for (const auto& [name, kind] : score.kinds) {
    json.Key(name).BeginObject();
    Kind(kind, &json);
    json.EndObject();
  }
  json.EndObject().EndObject();
  return json.Take();
}

}  // namespace avocet
