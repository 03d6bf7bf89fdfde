#include "src/engine/health_ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "src/base/civil_time.h"
#include "src/base/time_format.h"
#include "src/config/instant.h"
#include "src/engine/metric_label.h"
#include "src/engine/table_scan.h"
#include "src/state/hour.h"
#include "src/state/metric_trend.h"

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kWeekUs = 7 * kMicrosPerDay;
constexpr double kWeekHours = 7 * 24;
constexpr double kLargestMean = 1e30;  // of those that a float holds and that can be squared
// Below so much health a device needs attention; so much worse than before is worth a word.
constexpr double kPoorHealth = 80;
constexpr double kFall = 10;
// A device is silent when the fleet has gone on without it for so long.
constexpr int64_t kSilentUs = 3 * kHourUs;
// A useful life is worth a word when it ends within a week and this share of what lives are told
// apart by.
constexpr double kNearEnd = 0.5;

const std::vector<std::string> kColumns = {"device_id",     "hour",      "until",   "health",
                                           "availability",  "freshness", "quality", "drift",
                                           "anomaly_share", "reason"};

HealthHour HourIn(const RecordBatchView& view, size_t row) {
  return {.device = TextAt(view, 0, row),
          .hour_us = view.Int(1, row),
          .until_us = view.Int(2, row),
          .health = view.Double(3, row),
          .availability = view.Double(4, row),
          .freshness = view.Double(5, row),
          .quality = view.Double(6, row),
          .anomaly_share = view.Double(8, row),
          .drift = view.Double(7, row),
          .reason = TextAt(view, 9, row)};
}

bool MayHoldHours(const TableFile& file, int64_t from_us) {
  const auto newest = file.max_texts.find("hour");
  return from_us == INT64_MIN || newest == file.max_texts.end() ||
         newest->second.substr(0, 19) >= FormatTimestamp(from_us).substr(0, 19);
}

std::string Duration(double hours) {
  if (hours < 1) return "less than an hour";
  if (hours < 48) return fmt::format("{:.0f} h", hours);
  return fmt::format("{:.1f} days", hours / 24);
}

// The hours of a device, from which its outlook is made.
struct Past {
  HealthHour last;
  std::map<int64_t, double> health;  // by hour
};

double Mean(const Past& past, int64_t from_us, int64_t to_us) {
  double sum = 0;
  double count = 0;
  for (auto at = past.health.lower_bound(from_us); at != past.health.end() && at->first < to_us;
       ++at) {
    sum += at->second;
    ++count;
  }
  return count > 0 ? sum / count : kNone;
}

class Judge {
 public:
  Judge(int64_t now_us, const Config& config) : now_us_(now_us), config_(config) {}

  DeviceOutlook Look(Past past, std::span<const LimitForecast> forecasts,
                     const RulEstimate* life) const {
    DeviceOutlook outlook{.last = past.last, .hours_to_limit = kNone};
    const int64_t day_begin = HourOf(now_us_) - kMicrosPerDay + kHourUs;
    outlook.day = Mean(past, day_begin, INT64_MAX);
    outlook.week = Mean(past, day_begin - kWeekUs + kMicrosPerDay, day_begin);
    outlook.silent_us = std::max<int64_t>(now_us_ - past.last.until_us, 0);
    std::vector<std::pair<double, std::string>> found;
    if (outlook.silent_us >= kSilentUs) {
      // Hours that it did not see count, with nothing.
      const int64_t unseen_us = std::min(outlook.silent_us, kMicrosPerDay);
      const double seen = 1 - static_cast<double>(unseen_us) / static_cast<double>(kMicrosPerDay);
      outlook.day = std::isnan(outlook.day) ? 0 : outlook.day * seen;
      const double hours = static_cast<double>(outlook.silent_us) / static_cast<double>(kHourUs);
      found.emplace_back(100, "has sent nothing for " + Duration(hours));
    }
    for (const LimitForecast& forecast : forecasts) AddLimit(forecast, &outlook, &found);
    if (life != nullptr) AddLife(*life, &outlook, &found);
    AddHealth(past.last, outlook, &found);
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [urgency, reason] : found) {
      outlook.urgency = std::max(outlook.urgency, urgency);
      outlook.reasons.push_back(std::move(reason));
    }
    return outlook;
  }

 private:
  using Reasons = std::vector<std::pair<double, std::string>>;

  void AddLimit(const LimitForecast& forecast, DeviceOutlook* outlook, Reasons* found) const {
    if (!(outlook->hours_to_limit <= forecast.hours)) outlook->hours_to_limit = forecast.hours;
    if (forecast.hours_low > kWeekHours) return;
    const std::string metric = MetricLabel(config_.schema, forecast.metric);
    if (forecast.hours <= 0) {
      found->emplace_back(95, fmt::format("{} is beyond its limit {:g}", metric, forecast.limit));
      return;
    }
    found->emplace_back(95 - 60 * std::min(forecast.hours / kWeekHours, 1.0),
                        fmt::format("{} reaches its limit {:g} in {} ({} to {})", metric,
                                    forecast.limit, Duration(forecast.hours),
                                    Duration(forecast.hours_low), Duration(forecast.hours_high)));
  }

  void AddLife(const RulEstimate& life, DeviceOutlook* outlook, Reasons* found) const {
    outlook->life = life;
    if (life.hours > std::min(kWeekHours, kNearEnd * life.cap)) return;
    std::string reason = fmt::format("has about {} of useful life left ({} to {})",
                                     Duration(life.hours), Duration(life.low), Duration(life.high));
    if (!life.shares.empty() && life.shares.front().hours < 0) {
      reason += ", mostly because of " + MetricLabel(config_.schema, life.shares.front().metric);
    }
    found->emplace_back(95 - 60 * life.hours / kWeekHours, std::move(reason));
  }

  static void AddHealth(const HealthHour& last, const DeviceOutlook& outlook, Reasons* found) {
    if (std::isnan(outlook.day) || outlook.silent_us >= kSilentUs) return;
    const double fall = std::isnan(outlook.week) ? 0 : outlook.week - outlook.day;
    if (fall >= kFall) {
      found->emplace_back(
          std::min(20 + fall, 90.0),
          fmt::format("health fell from {:.0f} to {:.0f}", outlook.week, outlook.day));
    }
    if (outlook.day < kPoorHealth) {
      std::string why = fmt::format("health of {:.0f} in the last day", outlook.day);
      if (!last.reason.empty()) why += ": " + last.reason;
      found->emplace_back(std::min(100 - outlook.day, 90.0), std::move(why));
    }
  }

  const int64_t now_us_;
  const Config& config_;
};

}  // namespace

size_t FleetHealth::NumUrgent() const {
  // The most urgent come first.
  const auto well = std::find_if(devices.begin(), devices.end(),
                                 [](const DeviceOutlook& device) { return device.urgency == 0; });
  return static_cast<size_t>(well - devices.begin());
}

Status ReadHealth(Table* table, const std::string& device, int64_t from_us,
                  const std::function<void(HealthHour)>& on_hour) {
  AVOCET_ASSIGN_OR_RETURN(const auto files, table->Files());
  for (const TableFile& file : files) {
    if (!MayHoldHours(file, from_us)) continue;
    if (!device.empty() && !MayHoldDevice(file, device)) continue;
    AVOCET_RETURN_IF_ERROR(
        ForEachBatch(table, file.path, kColumns, [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) {
            if (view.Int(1, row) < from_us) continue;
            if (!device.empty() && view.Bytes(0, row) != device) continue;
            on_hour(HourIn(view, row));
          }
        }));
  }
  return Status::Ok();
}

Result<std::vector<LimitForecast>> ForecastLimits(Table* device_stats, const Config& config,
                                                  const std::string& device, int64_t now_us) {
  std::map<std::string, const MetricConfig*> limited;
  for (const MetricConfig& metric : config.schema.metrics) {
    if (metric.limit_low || metric.limit_high) limited.emplace(metric.name, &metric);
  }
  std::vector<LimitForecast> forecasts;
  if (limited.empty()) return forecasts;
  const auto num_hours = static_cast<size_t>(config.health.trend_window.count() / kHourUs);
  const int64_t first_us = HourOf(now_us) - static_cast<int64_t>(num_hours - 1) * kHourUs;
  std::map<std::pair<std::string, std::string>, std::vector<float>> series;
  AVOCET_ASSIGN_OR_RETURN(const auto files, device_stats->Files());
  for (const TableFile& file : files) {
    if (!MayHoldHours(file, first_us)) continue;
    if (!device.empty() && !MayHoldDevice(file, device)) continue;
    AVOCET_RETURN_IF_ERROR(ForEachBatch(
        device_stats, file.path, {"device_id", "metric", "hour", "mean"},
        [&](const RecordBatchView& view) {
          for (size_t row = 0; row < view.rows(); ++row) {
            const int64_t hour_us = view.Int(2, row);
            if (hour_us < first_us || hour_us > now_us || view.IsNull(3, row)) continue;
            if (!device.empty() && view.Bytes(0, row) != device) continue;
            std::string metric = TextAt(view, 1, row);
            if (!limited.contains(metric)) continue;
            std::vector<float>& means = series[{TextAt(view, 0, row), std::move(metric)}];
            means.resize(num_hours, std::numeric_limits<float>::quiet_NaN());
            const double mean = view.Double(3, row);
            if (std::abs(mean) > kLargestMean) continue;
            means[static_cast<size_t>((hour_us - first_us) / kHourUs)] = static_cast<float>(mean);
          }
        }));
  }
  for (const auto& [key, means] : series) {
    const MetricConfig& metric = *limited.at(key.second);
    const auto trend =
        FindTrend(means, metric.limit_low.value_or(kNone), metric.limit_high.value_or(kNone));
    if (!trend || std::isnan(trend->hours)) continue;
    forecasts.push_back({.device = key.first,
                         .metric = key.second,
                         .limit = trend->limit,
                         .level = trend->level,
                         .per_hour = trend->per_hour,
                         .hours = trend->hours,
                         .hours_low = trend->hours_low,
                         .hours_high = trend->hours_high});
  }
  return forecasts;
}

Result<FleetHealth> RankFleet(Table* device_health, Table* device_stats, const Config& config,
                              const UsefulLives& lives) {
  FleetHealth fleet;
  AVOCET_ASSIGN_OR_RETURN(const auto files, device_health->Files());
  std::string newest;
  for (const TableFile& file : files) {
    const auto hour = file.max_texts.find("hour");
    if (hour != file.max_texts.end()) newest = std::max(newest, hour->second);
  }
  const int64_t from_us = ParseInstant(newest).value_or(INT64_MIN + kWeekUs) - kWeekUs;
  std::map<std::string, Past> pasts;
  AVOCET_RETURN_IF_ERROR(ReadHealth(device_health, "", from_us, [&](HealthHour hour) {
    fleet.now_us = std::max(fleet.now_us, hour.until_us);
    Past& past = pasts[hour.device];
    past.health[hour.hour_us] = hour.health;
    if (past.last.device.empty() || hour.hour_us > past.last.hour_us) past.last = std::move(hour);
  }));
  if (pasts.empty()) return fleet;
  AVOCET_ASSIGN_OR_RETURN(const auto forecasts,
                          ForecastLimits(device_stats, config, "", fleet.now_us));
  const Judge judge(fleet.now_us, config);
  for (auto& [device, past] : pasts) {
    const auto [first, last] = std::equal_range(
        forecasts.begin(), forecasts.end(), LimitForecast{.device = device},
        [](const LimitForecast& a, const LimitForecast& b) { return a.device < b.device; });
    const auto life = lives.find(device);
    fleet.devices.push_back(
        judge.Look(std::move(past), {first, last}, life == lives.end() ? nullptr : &life->second));
  }
  std::stable_sort(fleet.devices.begin(), fleet.devices.end(),
                   [](const DeviceOutlook& a, const DeviceOutlook& b) {
                     if (a.urgency != b.urgency) return a.urgency > b.urgency;
                     return a.day < b.day;
                   });
  return fleet;
}

}  // namespace avocet
