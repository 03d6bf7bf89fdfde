#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/src/arrow_input.h"
#include "python/src/failure.h"
#include "python/src/functions.h"
#include "src/base/time_format.h"
#include "src/cli/fault_score.h"
#include "src/config/instant.h"
#include "src/decode/event_time.h"

namespace nb = nanobind;

namespace avocet {
namespace {

// The columns of a table of alarms or faults by what they mean.
class LabelRows {
 public:
  static Result<LabelRows> Make(const ArrowSchema& schema) {
    LabelRows rows;
    AVOCET_ASSIGN_OR_RETURN(rows.columns_, ArrowColumnsOf(schema));
    return rows;
  }
  Result<size_t> Need(const char* name) const { return NeedColumn(columns_, name); }
  std::optional<size_t> Find(const char* name) const { return FindColumn(columns_, name); }

  void SetTable(const ArrowArray& table) {
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].SetArray(*table.children[i]);
    shift_ = static_cast<size_t>(table.offset);
  }

  /// Empty when there is no such column, or no value.
  Result<std::string> Text(std::optional<size_t> column, size_t row) const {
    if (!column.has_value() || columns_[*column].IsNull(row + shift_)) return std::string();
    const ArrowColumn& values = columns_[*column];
    if (values.kind() == ArrowKind::kText) return std::string(values.Text(row + shift_));
    if (values.kind() == ArrowKind::kInt) return std::to_string(values.Int(row + shift_));
    return Status::Invalid("the column \"" + values.name() + "\" must hold text");
  }

  Result<int64_t> Time(size_t column, size_t row) const {
    const ArrowColumn& values = columns_[column];
    if (values.kind() == ArrowKind::kTime && !values.IsNull(row + shift_)) {
      return values.Int(row + shift_);
    }
    AVOCET_ASSIGN_OR_RETURN(const std::string text, Text(column, row));
    const auto time = EventTimeReader().Read(text);
    if (time.has_value()) return *time;
    return Status::Invalid("the column \"" + values.name() +
                           "\" must have a time in each row, not \"" + text + "\"");
  }

  Result<bool> Flag(size_t column, size_t row) const {
    const ArrowColumn& values = columns_[column];
    if (values.kind() != ArrowKind::kBool) {
      return Status::Invalid("the column \"" + values.name() + "\" must hold true and false");
    }
    return values.IsNull(row + shift_) || values.Int(row + shift_) != 0;
  }

 private:
  std::vector<ArrowColumn> columns_;
  size_t shift_ = 0;
};

Result<AlarmData> ReadAlarms(ArrowInput* input, const std::string& detector) {
  AVOCET_ASSIGN_OR_RETURN(const ArrowSchema* schema, input->Schema());
  AVOCET_ASSIGN_OR_RETURN(LabelRows rows, LabelRows::Make(*schema));
  AVOCET_ASSIGN_OR_RETURN(const size_t device, rows.Need("device_id"));
  AVOCET_ASSIGN_OR_RETURN(const size_t time, rows.Need("event_time"));
  const auto onset = rows.Find("onset");
  AlarmData data;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const ArrowArray* table, input->Next());
    if (table == nullptr) break;
    rows.SetTable(*table);
    for (size_t row = 0; row < static_cast<size_t>(table->length); ++row) {
      Alarm alarm;
      AVOCET_ASSIGN_OR_RETURN(alarm.device, rows.Text(device, row));
      AVOCET_ASSIGN_OR_RETURN(alarm.metric, rows.Text(rows.Find("metric"), row));
      AVOCET_ASSIGN_OR_RETURN(alarm.detector, rows.Text(rows.Find("detector"), row));
      AVOCET_ASSIGN_OR_RETURN(alarm.time_us, rows.Time(time, row));
      bool is_alarm = true;
      if (onset.has_value()) {
        AVOCET_ASSIGN_OR_RETURN(is_alarm, rows.Flag(*onset, row));
      }
      data.Add(std::move(alarm), is_alarm);
    }
  }
  data.Finish();
  if (!detector.empty()) {
    std::erase_if(data.alarms, [&](const Alarm& alarm) { return alarm.detector != detector; });
  }
  return data;
}

Result<std::vector<TruthWindow>> ReadTruth(ArrowInput* input) {
  AVOCET_ASSIGN_OR_RETURN(const ArrowSchema* schema, input->Schema());
  AVOCET_ASSIGN_OR_RETURN(LabelRows rows, LabelRows::Make(*schema));
  AVOCET_ASSIGN_OR_RETURN(const size_t device, rows.Need("device_id"));
  AVOCET_ASSIGN_OR_RETURN(const size_t start, rows.Need("start"));
  AVOCET_ASSIGN_OR_RETURN(const size_t end, rows.Need("end"));
  std::vector<TruthWindow> truth;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const ArrowArray* table, input->Next());
    if (table == nullptr) return truth;
    rows.SetTable(*table);
    for (size_t row = 0; row < static_cast<size_t>(table->length); ++row) {
      TruthWindow window;
      AVOCET_ASSIGN_OR_RETURN(window.device, rows.Text(device, row));
      AVOCET_ASSIGN_OR_RETURN(window.metric, rows.Text(rows.Find("metric"), row));
      AVOCET_ASSIGN_OR_RETURN(window.fault, rows.Text(rows.Find("fault"), row));
      AVOCET_ASSIGN_OR_RETURN(window.start_us, rows.Time(start, row));
      AVOCET_ASSIGN_OR_RETURN(window.end_us, rows.Time(end, row));
      if (window.end_us < window.start_us) {
        return Status::Invalid("a fault of " + window.device + " ends before it starts");
      }
      truth.push_back(std::move(window));
    }
  }
}

struct RuleTexts {
  std::optional<std::string> tolerance, short_fault, aftermath, merge, from;
};

Result<ScoreRules> RulesOf(const RuleTexts& texts) {
  ScoreRules rules;
  const std::pair<const std::optional<std::string>*, int64_t*> durations[] = {
      {&texts.tolerance, &rules.tolerance_us},
      {&texts.short_fault, &rules.short_us},
      {&texts.aftermath, &rules.aftermath_us},
      {&texts.merge, &rules.merge_us}};
  for (const auto& [text, micros] : durations) {
    if (text->has_value()) {
      AVOCET_ASSIGN_OR_RETURN(*micros, ParseDuration(**text));
    }
  }
  if (!texts.from.has_value()) return rules;
  const auto from = ParseInstant(*texts.from);
  if (!from.has_value()) {
    return Status::Invalid("\"" + *texts.from +
                           "\" is no time; write it as in 2021-06-15T00:00:00Z");
  }
  rules.from_us = *from;
  return rules;
}

// The JSON of `avocet score --format json`.
std::string Score(nb::handle alarms, nb::handle truth, const std::string& detector,
                  const std::optional<std::string>& tolerance,
                  const std::optional<std::string>& short_fault,
                  const std::optional<std::string>& aftermath,
                  const std::optional<std::string>& merge, const std::optional<std::string>& from,
                  std::optional<double> device_days) {
  ArrowInput alarm_input(alarms);
  ArrowInput truth_input(truth);
  const nb::gil_scoped_release release;
  const ScoreRules rules = ValueOrThrow(RulesOf({tolerance, short_fault, aftermath, merge, from}));
  AlarmData data = ValueOrThrow(ReadAlarms(&alarm_input, detector));
  const auto windows = ValueOrThrow(ReadTruth(&truth_input));
  FaultScore score = ScoreAlarms(std::move(data.alarms), windows, data.devices, rules);
  if (device_days.has_value()) score.device_days = *device_days;
  return FaultScoreJson(score);
}

}  // namespace

void BindScore(nb::module_* module) {
  module->def("score", &Score, nb::arg("alarms"), nb::arg("truth"), nb::arg("detector"),
              nb::arg("tolerance").none(), nb::arg("short_fault").none(),
              nb::arg("aftermath").none(), nb::arg("merge").none(), nb::arg("start").none(),
              nb::arg("device_days").none());
}

}  // namespace avocet
