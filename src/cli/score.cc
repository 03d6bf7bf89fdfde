// score: how well alarms agree with known faults.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/fault_score.h"
#include "src/cli/human_number.h"
#include "src/cli/labelled_data.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/text_table.h"
#include "src/config/instant.h"
#include "src/engine/owned_lake.h"

namespace avocet {
namespace {

struct ScoreArguments : LakeArguments {
  std::string truth;
  std::string alarms;  ///< empty: the lake
  std::string detector;
  std::string tolerance = FormatDuration(ScoreRules().tolerance_us);
  std::string short_fault = FormatDuration(ScoreRules().short_us);
  std::string aftermath = FormatDuration(ScoreRules().aftermath_us);
  std::string merge = FormatDuration(ScoreRules().merge_us);
  std::string from;
  double device_days = 0;
};

Status ReadDuration(const std::string& text, const char* option, int64_t* duration_us) {
  const auto micros = ParseDuration(text);
  if (!micros.ok()) return Status::Usage(std::string(option) + ": " + micros.status().message());
  *duration_us = *micros;
  return Status::Ok();
}

Result<ScoreRules> ReadRules(const ScoreArguments& arguments) {
  ScoreRules rules;
  AVOCET_RETURN_IF_ERROR(ReadDuration(arguments.tolerance, "--tolerance", &rules.tolerance_us));
  AVOCET_RETURN_IF_ERROR(ReadDuration(arguments.short_fault, "--short", &rules.short_us));
  AVOCET_RETURN_IF_ERROR(ReadDuration(arguments.aftermath, "--aftermath", &rules.aftermath_us));
  AVOCET_RETURN_IF_ERROR(ReadDuration(arguments.merge, "--merge", &rules.merge_us));
  if (arguments.from.empty()) return rules;
  const auto from = ParseInstant(arguments.from);
  if (!from.has_value()) {
    return Status::Usage("--from: \"" + arguments.from +
                         "\" is no time; write it as in 2021-06-15T00:00:00Z");
  }
  rules.from_us = *from;
  return rules;
}

Result<AlarmData> ReadAlarms(const ScoreArguments& arguments) {
  AlarmData data;
  if (!arguments.alarms.empty()) {
    AVOCET_ASSIGN_OR_RETURN(data, ReadAlarmFile(arguments.alarms));
  } else {
    AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
    AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
    AVOCET_ASSIGN_OR_RETURN(data, ReadAlarmsOfLake(config));
  }
  if (!arguments.detector.empty()) {
    std::erase_if(data.alarms,
                  [&](const Alarm& alarm) { return alarm.detector != arguments.detector; });
  }
  return data;
}

std::string Share(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

std::string Delay(double seconds) {
  if (std::isnan(seconds)) return "-";
  return FormatDuration(static_cast<int64_t>(std::llround(seconds)) * 1'000'000);
}

std::vector<std::string> KindRow(const std::string& name, const KindScore& kind) {
  const double recall = kind.faults == 0
                            ? std::nan("")
                            : static_cast<double>(kind.found) / static_cast<double>(kind.faults);
  return {name,          WithThousands(kind.faults),          WithThousands(kind.found),
          Share(recall), Delay(Quantile(kind.delays_s, 0.5)), Delay(Quantile(kind.delays_s, 0.9))};
}

void PrintText(const FaultScore& score) {
  TextTable table({"FAULT", "FAULTS", "FOUND", "RECALL", "MEDIAN DELAY", "90 % WITHIN"}, 1);
  for (const auto& [name, kind] : score.kinds) {
    if (score.kinds.size() > 1 || !name.empty())
      table.Add(KindRow(name.empty() ? "-" : name, kind));
  }
  table.Add(KindRow("all", score.all));
  fmt::print("{}\nprecision     {} ({} false alarms of {} alarms; neighbours count as one)\n",
             table.Text(), Share(score.Precision()), WithThousands(score.false_alarms),
             WithThousands(score.alarms));
  if (score.device_days > 0) {
    fmt::print("false alarms  {:.3f} per device and day ({:.1f} device-days)\n",
               score.FalseAlarmsPerDeviceDay(), score.device_days);
  } else {
    fmt::print(
        "false alarms per device and day are unknown: the alarms do not say how long the "
        "devices were watched; --device-days does\n");
  }
}

Status RunScore(const ScoreArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const ScoreRules rules, ReadRules(arguments));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<TruthWindow> truth, ReadTruthFile(arguments.truth));
  AVOCET_ASSIGN_OR_RETURN(AlarmData data, ReadAlarms(arguments));
  FaultScore score = ScoreAlarms(std::move(data.alarms), truth, data.devices, rules);
  if (arguments.device_days > 0) score.device_days = arguments.device_days;
  if (arguments.format == "json") {
    fmt::print("{}\n", FaultScoreJson(score));
  } else {
    PrintText(score);
  }
  return Status::Ok();
}

}  // namespace

void AddScoreCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ScoreArguments>();
  CLI::App* command = app->add_subcommand(
      "score", "Compare alarms with known faults: recall, precision, delay, false alarms");
  command
      ->add_option("truth", arguments->truth,
                   "Known faults: the truth file of simulate, CSV with device_id, metric, fault, "
                   "start, end, or JSON of windows by file")
      ->required();
  command->add_option("alarms", arguments->alarms,
                      "What was found: the output of detect, or a file with device_id, event_time "
                      "and possibly metric (default: the anomalies of the lake)");
  AddLakeOptions(command, arguments.get());
  command->add_option("--detector", arguments->detector,
                      "Only alarms of the detector of this name");
  command->add_option("--from", arguments->from, "Ignore what is earlier, the time for learning");
  command
      ->add_option("--tolerance", arguments->tolerance,
                   "An alarm so long after a short fault still finds it")
      ->capture_default_str();
  command->add_option("--short", arguments->short_fault, "Faults up to this long are short")
      ->capture_default_str();
  command
      ->add_option("--aftermath", arguments->aftermath,
                   "Alarms so long after a fault are neither right nor wrong")
      ->capture_default_str();
  command
      ->add_option("--merge", arguments->merge,
                   "False alarms of a device and metric closer than this are one")
      ->capture_default_str();
  command->add_option("--device-days", arguments->device_days,
                      "How long devices were watched, in all, when the alarms do not say");
  command->callback([arguments, exit_code] { *exit_code = Report(RunScore(*arguments)); });
}

}  // namespace avocet
