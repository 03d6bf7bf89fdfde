// fit-rul: learns from recorded failures how much useful life devices have left.
#include "src/cli/fit_rul.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/lake_arguments.h"
#include "src/engine/device_lives.h"
#include "src/engine/owned_lake.h"
#include "src/state/hour.h"

namespace avocet {
namespace {

constexpr int64_t kShortestCapUs = 12 * kHourUs;

struct FitArguments : LakeArguments {
  std::string failures;
  std::string output = "rul.model";
  std::string cap;  // empty: the usual one
  std::vector<std::string> metrics;
};

Result<double> CapHours(const FitArguments& arguments, const std::vector<DeviceLife>& lives) {
  if (arguments.cap.empty()) return lives.empty() ? 0 : RulFit::UsualCap(lives);
  const auto cap_us = ParseDuration(arguments.cap);
  if (!cap_us.ok() || *cap_us < kShortestCapUs) {
    return Status::Usage("--cap must be a duration of at least 12h, not " + arguments.cap);
  }
  return static_cast<double>(*cap_us) / static_cast<double>(kHourUs);
}

void PrintFit(const FitArguments& arguments, const RulModel& model) {
  const RulQuality& quality = model.quality();
  if (arguments.format == "json") {
    JsonWriter json;
    json.BeginObject().Field("file", arguments.output).Field("failures", quality.lives);
    json.Field("cap_hours", model.cap_hours()).Field("rmse_hours", quality.rmse_hours);
    json.Field("coverage", quality.coverage).EndObject();
    fmt::print("{}\n", json.Take());
    return;
  }
  fmt::print(
      "{}: learned from {} failures; tells up to {:.0f} h ahead\n"
      "Of failures that were left out it is off by {:.1f} h (root mean square); the 80 % interval "
      "holds the truth in {:.0f} % of the hours.\n",
      arguments.output, quality.lives, model.cap_hours(), quality.rmse_hours,
      100 * quality.coverage);
}

Status Fit(const FitArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_ASSIGN_OR_RETURN(const std::string csv, Env::Posix()->ReadFile(arguments.failures));
  auto failures = ParseFailures(csv);
  if (!failures.ok()) return failures.status().WithContext("cannot use " + arguments.failures);
  const std::vector<std::string> metrics =
      arguments.metrics.empty() ? ConfiguredMetrics(config) : arguments.metrics;
  if (metrics.empty()) {
    return Status::Usage("name the metrics: --metrics, or schema.metrics of the configuration");
  }
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  AVOCET_ASSIGN_OR_RETURN(const auto lives, ReadLives(&tables.table(kDeviceStats), metrics,
                                                      std::move(failures).value()));
  AVOCET_ASSIGN_OR_RETURN(const double cap_hours, CapHours(arguments, lives));
  auto model = RulFit::Fit(metrics, lives, cap_hours);
  if (!model.ok()) return model.status().WithContext("cannot learn from " + arguments.failures);
  AVOCET_RETURN_IF_ERROR(
      Env::Posix()->PutDurably(arguments.output, model->Encode(), PutMode::kReplace));
  PrintFit(arguments, *model);
  return Status::Ok();
}

}  // namespace

void AddFitRulCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = app->add_subcommand(
      "fit-rul", "Learn from recorded failures how much useful life devices have left");
  command
      ->add_option("failures", arguments->failures,
                   "CSV file of recorded failures: device_id,failed_at")
      ->required();
  command->add_option("-o,--output", arguments->output, "Model file (default: rul.model)");
  command->add_option("--cap", arguments->cap,
                      "Do not tell lives apart that have more than this left (default: five "
                      "eighths of the median life)");
  command
      ->add_option("--metrics", arguments->metrics,
                   "Learn from these only (default: all of the configuration)")
      ->delimiter(',');
  AddLakeOptions(command, arguments.get());
  command->callback([arguments, exit_code] { *exit_code = Report(Fit(*arguments)); });
}

}  // namespace avocet
