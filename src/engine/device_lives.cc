#include "src/engine/device_lives.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <span>
#include <utility>

#include "src/config/instant.h"
#include "src/engine/table_scan.h"
#include "src/state/hour.h"

namespace avocet {
namespace {

constexpr std::string_view kFailuresHeader = "device_id,failed_at";

using OnHour =
    std::function<void(const std::string& device, int64_t hour_us, std::span<const double> means)>;

// The hours of all devices in the order of time. What is held in memory are the hours in which the
// files overlap.
class HourSweep {
 public:
  HourSweep(const std::vector<std::string>& metrics, const OnHour& on_hour)
      : nothing_(metrics.size(), std::numeric_limits<double>::quiet_NaN()), on_hour_(on_hour) {
    for (size_t i = 0; i < metrics.size(); ++i) places_.emplace(metrics[i], i);
  }

  Status Read(Table* table) {
    AVOCET_ASSIGN_OR_RETURN(const auto files, table->Files());
    std::vector<std::pair<int64_t, const TableFile*>> ordered;
    for (const TableFile& file : files) ordered.emplace_back(FirstHour(file), &file);
    std::sort(ordered.begin(), ordered.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [first_us, file] : ordered) {
      HandOnBefore(first_us);
      AVOCET_RETURN_IF_ERROR(ForEachBatch(table, file->path,
                                          {"device_id", "metric", "hour", "mean"},
                                          [&](const RecordBatchView& view) { Take(view); }));
    }
    HandOnBefore(INT64_MAX);
    return Status::Ok();
  }

 private:
  // A file of which nothing is known may begin at any time.
  static int64_t FirstHour(const TableFile& file) {
    const auto first = file.min_texts.find("hour");
    if (first == file.min_texts.end()) return INT64_MIN;
    return HourOf(ParseInstant(first->second).value_or(INT64_MIN + kHourUs));
  }

  void Take(const RecordBatchView& view) {
    for (size_t row = 0; row < view.rows(); ++row) {
      if (view.IsNull(3, row)) continue;
      const auto place = places_.find(view.Bytes(1, row));
      if (place == places_.end()) continue;
      auto& means = waiting_[view.Int(2, row)][TextAt(view, 0, row)];
      if (means.empty()) means = nothing_;
      means[place->second] = view.Double(3, row);
    }
  }

  void HandOnBefore(int64_t end_us) {
    while (!waiting_.empty() && waiting_.begin()->first < end_us) {
      for (const auto& [device, means] : waiting_.begin()->second) {
        on_hour_(device, waiting_.begin()->first, means);
      }
      waiting_.erase(waiting_.begin());
    }
  }

  const std::vector<double> nothing_;
  const OnHour& on_hour_;
  std::map<std::string, size_t, std::less<>> places_;  // of the metrics
  std::map<int64_t, std::map<std::string, std::vector<double>>> waiting_;
};

}  // namespace

Result<RulModel> LoadRulModel(Env* env, const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(const std::string text, env->ReadFile(path));
  auto model = RulModel::Decode(text);
  if (!model.ok()) return model.status().WithContext("cannot use " + path);
  return model;
}

Result<UsefulLives> EstimateLives(Table* device_stats, const RulModel& model) {
  std::map<std::string, LifeFeatures> devices;
  const OnHour remember = [&](const std::string& device, int64_t hour_us,
                              std::span<const double> means) {
    devices.try_emplace(device, model.Begin()).first->second.Add(hour_us, means);
  };
  AVOCET_RETURN_IF_ERROR(HourSweep(model.metrics(), remember).Read(device_stats));
  UsefulLives lives;
  for (const auto& [device, features] : devices) lives.emplace(device, model.Estimate(features));
  return lives;
}

Result<std::vector<Failure>> ParseFailures(std::string_view csv) {
  std::vector<Failure> failures;
  size_t line = 0;
  while (!csv.empty()) {
    const size_t end = std::min(csv.find('\n'), csv.size());
    std::string_view text = csv.substr(0, end);
    csv.remove_prefix(std::min(end + 1, csv.size()));
    ++line;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (line == 1) {
      if (text != kFailuresHeader) {
        return Status::Invalid(fmt::format("line 1 is not \"{}\"", kFailuresHeader));
      }
      continue;
    }
    if (text.empty()) continue;
    const size_t comma = text.rfind(',');
    const auto at_us =
        comma == std::string_view::npos ? std::nullopt : ParseInstant(text.substr(comma + 1));
    if (!at_us || comma == 0) {
      return Status::Invalid(
          fmt::format("line {} is not a device and a time such as 2026-01-31T12:00:00Z", line));
    }
    failures.push_back({std::string(text.substr(0, comma)), *at_us});
  }
  return failures;
}

Result<std::vector<DeviceLife>> ReadLives(Table* device_stats,
                                          const std::vector<std::string>& metrics,
                                          std::vector<Failure> failures) {
  std::map<std::string, std::map<int64_t, DeviceLife>> by_end;
  for (Failure& failure : failures) {
    by_end[std::move(failure.device)][failure.at_us].failed_us = failure.at_us;
  }
  const OnHour collect = [&](const std::string& device, int64_t hour_us,
                             std::span<const double> means) {
    const auto found = by_end.find(device);
    if (found == by_end.end()) return;
    const auto life = found->second.lower_bound(hour_us);
    if (life == found->second.end()) return;
    life->second.hours.push_back({hour_us, {means.begin(), means.end()}});
  };
  AVOCET_RETURN_IF_ERROR(HourSweep(metrics, collect).Read(device_stats));
  std::vector<DeviceLife> lives;
  for (auto& [device, ended] : by_end) {
    for (auto& [at_us, life] : ended) {
      if (!life.hours.empty()) lives.push_back(std::move(life));
    }
  }
  return lives;
}

void WriteUsefulLife(const std::optional<RulEstimate>& life, JsonWriter* json) {
  json->Key("useful_life");
  if (!life) {
    json->Null();
    return;
  }
  json->BeginObject().Field("hours", life->hours).Field("hours_low", life->low);
  json->Field("hours_high", life->high).Field("hours_cap", life->cap);
  json->Key("shares").BeginArray();
  for (const LifeShare& share : life->shares) {
    json->BeginObject().Field("metric", share.metric).Field("hours", share.hours).EndObject();
  }
  json->EndArray().EndObject();
}

}  // namespace avocet
