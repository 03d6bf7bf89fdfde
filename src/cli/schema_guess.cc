#include "src/cli/schema_guess.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "src/decode/json_text.h"
#include "src/model/metric_name.h"

namespace avocet {
namespace {

/// Of the values of a field, so many must agree with what it is taken for.
constexpr double kMostly = 0.95;
constexpr size_t kMostMetrics = 500;
constexpr size_t kMostMetricNameBytes = 100;
/// Names that are tried first, best first, in normalised form.
constexpr std::array<std::string_view, 42> kDeviceNames = {
    "device_id",    "deviceid",   "device",     "device_name", "dev_id",    "dev_eui",
    "deveui",       "dev",        "sensor_id",  "sensorid",    "mote_id",   "moteid",
    "mote",         "node_id",    "nodeid",     "node",        "thing_id",  "thing",
    "station_id",   "station",    "machine_id", "machine",     "asset_id",  "asset",
    "equipment_id", "equipment",  "turbine_id", "pump_id",     "meter_id",  "tracker_id",
    "vehicle_id",   "gateway_id", "mac",        "mac_address", "serial",    "serial_number",
    "imei",         "hostname",   "host",       "sensor",      "client_id", "id",
};
constexpr std::array<std::string_view, 24> kTimeNames = {
    "timestamp", "event_time",  "eventtime",    "time",          "ts",       "datetime",
    "date_time", "time_stamp",  "timestamp_ms", "timestamp_utc", "time_utc", "utc",
    "utc_time",  "measured_at", "recorded_at",  "sampled_at",    "epoch",    "unixtime",
    "unix_time", "t",           "date",         "created_at",    "sent_at",  "received_at",
};
constexpr std::array<std::string_view, 9> kMetricNameFields = {
    "metric",   "metric_name", "measurement", "parameter", "variable",
    "quantity", "property",    "sensor_type", "measure",
};
constexpr std::array<std::string_view, 6> kValueFields = {
    "value", "reading", "val", "metric_value", "measured_value", "result",
};
constexpr std::array<std::string_view, 4> kEpochUnits = {"seconds", "milliseconds", "microseconds",
                                                         "nanoseconds"};
constexpr std::array kEpochFormats = {TimeFormat::kEpochS, TimeFormat::kEpochMs,
                                      TimeFormat::kEpochUs, TimeFormat::kEpochNs};

template <typename Names>
size_t RankIn(const Names& names, std::string_view name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

bool IsMost(uint64_t part, uint64_t whole) {
  return whole > 0 && static_cast<double>(part) >= kMostly * static_cast<double>(whole);
}

bool IsMostlyThere(const SampleColumn& column) {
  return column.has_path && IsMost(column.present(), column.present() + column.nulls);
}

// Values that can be a device's name: texts and integers.
bool CanNameDevices(const SampleColumn& column) {
  return column.texts + column.integers == column.present() && column.present() > 0 &&
         IsMostlyThere(column);
}

bool IsDifferentInEachRecord(const SampleColumn& column) {
  return column.present() > 20 && column.distinct.size() * 2 > column.present();
}

struct TimeFinding {
  TimeFormat format = TimeFormat::kAuto;
  std::string pattern;
  std::string how;  // "ISO 8601"
};

std::optional<TimeFinding> ReadsAsTime(const SampleColumn& column) {
  const uint64_t present = column.present();
  if (IsMost(column.iso_times, present)) return TimeFinding{TimeFormat::kIso8601, "", "ISO 8601"};
  for (size_t i = 0; i < kEpochFormats.size(); ++i) {
    if (!IsMost(column.epochs[i], present)) continue;
    return TimeFinding{kEpochFormats[i], "", std::string(kEpochUnits[i]) + " since 1970"};
  }
  if (const auto best = column.patterns.Find(); best && IsMost(best->times, present)) {
    const std::string doubt = best->or_else.empty() ? "" : ", or " + best->or_else;
    return TimeFinding{TimeFormat::kAuto, best->pattern, "by a pattern" + doubt};
  }
  return std::nullopt;
}

bool HasTimeWord(std::string_view normalized) {
  std::set<std::string_view> words;
  for (size_t begin = 0; begin <= normalized.size();) {
    const size_t end = std::min(normalized.find('_', begin), normalized.size());
    words.insert(normalized.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const std::string_view word : {"time", "timestamp", "ts", "date", "datetime", "utc"}) {
    if (words.count(word) > 0) return true;
  }
  return false;
}

class Guesser {
 public:
  Guesser(const Sample& sample, const SchemaHints& hints) : sample_(sample), hints_(hints) {}

  Status DeviceAndTime() {
    AVOCET_RETURN_IF_ERROR(FindTime());
    return FindDevice();
  }

  Status Everything() {
    AVOCET_RETURN_IF_ERROR(DeviceAndTime());
    if (guess_.schema.time_field.empty()) return NoTime();
    if (!FindLongForm()) FindMetrics();
    if (guess_.metrics.empty()) return NoMetrics();
    return Status::Ok();
  }

  SchemaGuess Take() { return std::move(guess_); }

 private:
  Status NoSuchField(const std::string& field, const char* what) const {
    return Status::Invalid(
        fmt::format("cannot use {} as the {} of {}: it has no such field; it "
                    "has {}",
                    QuotedForMessage(field), what, sample_.path, Columns()));
  }

  std::string Columns() const {
    constexpr size_t kMost = 30;
    std::string text;
    for (size_t i = 0; i < std::min(sample_.columns.size(), kMost); ++i) {
      const SampleColumn& column = sample_.columns[i];
      text += fmt::format("{}{}", i == 0 ? "" : ", ", QuotedForMessage(column.path));
      if (!column.example.empty()) text += " such as " + QuotedForMessage(column.example);
    }
    if (sample_.columns.size() > kMost) {
      text += fmt::format(" and {} more", sample_.columns.size() - kMost);
    }
    return text.empty() ? "no fields at all" : text;
  }

  Status FindTime() {
    SchemaConfig& schema = guess_.schema;
    schema.time_field.clear();
    if (!hints_.time_field.empty()) {
      const SampleColumn* column = sample_.Find(hints_.time_field);
      if (column == nullptr) return NoSuchField(hints_.time_field, "time");
      const auto finding = ReadsAsTime(*column);
      UseTime(*column, finding.value_or(TimeFinding{TimeFormat::kAuto, "", "format detected"}),
              "as told");
      return Status::Ok();
    }
    const SampleColumn* best = nullptr;
    size_t best_rank = SIZE_MAX;
    for (const SampleColumn& column : sample_.columns) {
      if (!IsMostlyThere(column) || !ReadsAsTime(column).has_value()) continue;
      const size_t rank = TimeRank(column);
      if (rank < best_rank) {
        best = &column;
        best_rank = rank;
      }
    }
    if (best == nullptr) return Status::Ok();
    const bool named = best_rank < kTimeNames.size() + 1;
    UseTime(*best, *ReadsAsTime(*best), named ? "by its name and values" : "by its values");
    return Status::Ok();
  }

  // Lower is better: known names, names with a word for time, ISO 8601, any large numbers.
  static size_t TimeRank(const SampleColumn& column) {
    const std::string name = NormalizeMetricName(column.key);
    const size_t rank = RankIn(kTimeNames, name);
    if (rank < kTimeNames.size()) return rank;
    if (HasTimeWord(name)) return kTimeNames.size();
    return kTimeNames.size() + (column.iso_times > 0 ? 1 : 2);
  }

  void UseTime(const SampleColumn& column, const TimeFinding& finding, std::string_view why) {
    guess_.schema.time_field = column.path;
    guess_.schema.time_format = finding.format;
    guess_.schema.time_pattern = finding.pattern;
    guess_.schema.decimal_comma = sample_.decimal_comma;
    guess_.time_why = fmt::format("{}, {}", finding.how, why);
    guess_.time_example = column.example;
  }

  bool IsTime(const SampleColumn& column) const { return column.path == guess_.schema.time_field; }

  Status FindDevice() {
    SchemaConfig& schema = guess_.schema;
    if (!hints_.device_constant.empty()) {
      schema.device_constant = hints_.device_constant;
      guess_.device_why = "as told";
      return Status::Ok();
    }
    if (!hints_.device_field.empty()) {
      if (sample_.Find(hints_.device_field) == nullptr) {
        return NoSuchField(hints_.device_field, "device");
      }
      schema.device_field = hints_.device_field;
      guess_.device_why = "as told";
      return Status::Ok();
    }
    const SampleColumn* found = DeviceByName();
    guess_.device_why = "by its name";
    if (found == nullptr) {
      found = DeviceByValues();
      guess_.device_why = "by its few distinct identifiers";
    }
    if (found != nullptr) {
      schema.device_field = found->path;
      return Status::Ok();
    }
    schema.device_constant = DeviceNameOf(sample_.path);
    guess_.device_why = "from the name of the file, as no column names one";
    return Status::Ok();
  }

  const SampleColumn* DeviceByName() const {
    const SampleColumn* best = nullptr;
    size_t best_rank = kDeviceNames.size();
    for (const SampleColumn& column : sample_.columns) {
      if (IsTime(column) || !CanNameDevices(column)) continue;
      const size_t rank = RankIn(kDeviceNames, NormalizeMetricName(column.key));
      // An identifier that never comes back names the record, not the device.
      if (rank >= best_rank || IsDifferentInEachRecord(column)) continue;
      best = &column;
      best_rank = rank;
    }
    return best;
  }

  const SampleColumn* DeviceByValues() const {
    const SampleColumn* best = nullptr;
    for (const SampleColumn& column : sample_.columns) {
      if (IsTime(column) || !CanNameDevices(column) || IsDifferentInEachRecord(column)) continue;
      if (column.ids < column.present() || column.iso_times > 0) continue;
      if (column.distinct.size() < 2 || column.distinct.size() * 3 > column.present()) continue;
      if (best == nullptr || column.distinct.size() > best->distinct.size()) best = &column;
    }
    return best;
  }

  Status NoTime() const {
    std::string hint;
    for (const SampleColumn& column : sample_.columns) {
      if (!HasTimeWord(NormalizeMetricName(column.key)) || column.example.empty()) continue;
      hint = fmt::format(
          "; {} is named like a time, but {} is neither ISO 8601 (2021-06-15T18:21:46Z) "
          "nor seconds, milli-, micro- or nanoseconds since 1970, nor one of the usual ways to "
          "write a day and an hour; in a configuration, schema.time.pattern says how it is written",
          QuotedForMessage(column.path), QuotedForMessage(column.example));
      break;
    }
    return Status::Invalid(fmt::format(
        "cannot find the time in {}: no field reads as one{}. It has {}. If one of them is the "
        "time, name it: avocet init {} --time-field NAME; in a configuration that is schema: "
        "{{time: NAME}}",
        sample_.path, hint, Columns(), sample_.path));
  }

  Status NoMetrics() const {
    std::string why;
    for (const auto& [path, reason] : guess_.others) {
      why += fmt::format("{}{} ({})", why.empty() ? "" : ", ", QuotedForMessage(path), reason);
    }
    return Status::Invalid(
        fmt::format("cannot find a metric in {}: no field but device and time "
                    "has numbers{}{}",
                    sample_.path, why.empty() ? "" : "; there are ", why));
  }

  bool IsDevice(const SampleColumn& column) const {
    return guess_.schema.device_constant.empty() && column.path == guess_.schema.device_field;
  }

  // Records with a field for the metric's name and one for its value.
  bool FindLongForm() {
    const SampleColumn* name = nullptr;
    const SampleColumn* value = nullptr;
    for (const SampleColumn& column : sample_.columns) {
      if (IsTime(column) || IsDevice(column)) continue;
      const std::string leaf = NormalizeMetricName(column.key);
      const bool few =
          column.distinct.size() <= SampleColumn::kMostShown && !IsDifferentInEachRecord(column);
      if (RankIn(kMetricNameFields, leaf) < kMetricNameFields.size() && few &&
          column.texts == column.present() && IsMostlyThere(column)) {
        name = &column;
      } else if (RankIn(kValueFields, leaf) < kValueFields.size() && column.numbers > 0 &&
                 IsMost(column.numbers + column.booleans, column.present())) {
        value = &column;
      }
    }
    if (name == nullptr || value == nullptr) return false;
    guess_.schema.metric_field = name->path;
    guess_.schema.value_field = value->path;
    for (const std::string& key : name->shown) AddMetric(key, key, *value);
    for (const SampleColumn& column : sample_.columns) {
      if (&column == name || &column == value || IsTime(column) || IsDevice(column)) continue;
      guess_.others.emplace_back(column.path, "beside the metric and its value");
    }
    return true;
  }

  void FindMetrics() {
    for (const SampleColumn& column : sample_.columns) {
      if (IsTime(column) || IsDevice(column)) continue;
      const std::string reason = WhyNoMetric(column);
      if (!reason.empty()) {
        guess_.others.emplace_back(column.path, reason);
        continue;
      }
      const std::string& leaf = column.key;
      const bool unique =
          std::count_if(sample_.columns.begin(), sample_.columns.end(),
                        [&](const SampleColumn& other) {
                          return NormalizeMetricName(other.key) == NormalizeMetricName(leaf);
                        }) == 1;
      AddMetric(unique ? leaf : column.path, column.path, column);
    }
  }

  std::string WhyNoMetric(const SampleColumn& column) const {
    if (guess_.metrics.size() >= kMostMetrics)
      return fmt::format("more than {} metrics", kMostMetrics);
    if (column.present() == 0) return "always empty";
    const std::string leaf = NormalizeMetricName(column.key);
    const bool counter_name = leaf.empty() || leaf == "index" || leaf == "id" || leaf == "row" ||
                              leaf == "seq" || leaf == "no" || leaf.starts_with("unnamed");
    if (column.path.empty()) return "no name";
    if (!column.has_path) return "a dot in a key below the top";
    if (counter_name && column.numbers == column.present() && column.counts_up) {
      return "counts the rows";
    }
    if (ReadsAsTime(column).has_value()) return "another time";
    if (column.nested == column.present()) return "an array or deeply nested";
    if (column.comma_numbers > 0) {
      return "numbers with a decimal comma, such as " + QuotedForMessage(column.odd_example) +
             ", where others have a dot";
    }
    if (!IsMost(column.numbers + column.booleans, column.present())) {
      return "text, such as " +
             QuotedForMessage(column.odd_example.empty() ? column.example : column.odd_example);
    }
    return "";
  }

  void AddMetric(const std::string& key, const std::string& field, const SampleColumn& column) {
    GuessedMetric metric;
    metric.config.name = FreeName(NormalizeMetricName(key));
    metric.config.field = field;
    metric.is_flag = column.booleans > column.numbers;
    metric.bad_values = column.present() - column.numbers - column.booleans;
    metric.bad_example = column.odd_example;
    guess_.metrics.push_back(std::move(metric));
  }

  // A column name that nothing else has.
  std::string FreeName(std::string name) {
    if (name.empty()) name = "metric";
    name = name.substr(0, kMostMetricNameBytes);
    const bool mean = name.find("_avg_") != std::string::npos;
    if (IsReservedColumn(name) || name == "all" || mean) name += "_value";
    std::string free = name;
    for (int i = 2; !names_.insert(free).second; ++i) free = name + "_" + std::to_string(i);
    return free;
  }

  const Sample& sample_;
  const SchemaHints& hints_;
  SchemaGuess guess_;
  std::set<std::string> names_;
};

}  // namespace

Result<SchemaGuess> GuessDeviceAndTime(const Sample& sample, const SchemaHints& hints) {
  Guesser guesser(sample, hints);
  AVOCET_RETURN_IF_ERROR(guesser.DeviceAndTime());
  return guesser.Take();
}

Result<SchemaGuess> GuessSchema(const Sample& sample, const SchemaHints& hints) {
  Guesser guesser(sample, hints);
  AVOCET_RETURN_IF_ERROR(guesser.Everything());
  return guesser.Take();
}

}  // namespace avocet
