// health: which devices will need attention, and why.
#include "src/cli/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "src/base/csv_text.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/text_table.h"
#include "src/engine/device_lives.h"
#include "src/engine/health_ranking.h"
#include "src/engine/owned_lake.h"
#include "src/state/hour.h"

namespace avocet {
namespace {

constexpr size_t kDefaultLimit = 20;

struct HealthArguments : LakeArguments {
  std::string rul;  // model file; empty: that of the configuration
  bool all = false;
  size_t limit = kDefaultLimit;
};

std::string Number(double value, int digits) {
  return std::isnan(value) ? "" : fmt::format("{:.{}f}", value, digits);
}

std::string Field(const std::string& text) {
  std::string field;
  AppendCsvField(text, ',', &field);
  return field;
}

std::string Because(const DeviceOutlook& device) {
  std::string text;
  for (const std::string& reason : device.reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

void PrintTable(const std::vector<DeviceOutlook>& shown, const FleetHealth& fleet) {
  if (!shown.empty()) {
    TextTable table({"DEVICE", "URGENCY", "HEALTH", "WEEK", "BECAUSE"}, 5);
    for (const DeviceOutlook& device : shown) {
      table.Add({device.last.device, Number(device.urgency, 0), Number(device.day, 0),
                 Number(device.week, 0), Because(device)});
    }
    fmt::print("{}\n", table.Text());
  }
  fmt::print("{} of {} devices will need attention in the week from {}\n", fleet.NumUrgent(),
             fleet.devices.size(), FormatTimestamp(fleet.now_us));
}

void PrintCsv(const std::vector<DeviceOutlook>& shown) {
  fmt::print(
      "device_id,urgency,health,health_week,silent_hours,hours_to_limit,useful_hours,because\n");
  for (const DeviceOutlook& device : shown) {
    fmt::print("{},{},{},{},{},{},{},{}\n", Field(device.last.device), Number(device.urgency, 1),
               Number(device.day, 2), Number(device.week, 2),
               Number(static_cast<double>(device.silent_us) / static_cast<double>(kHourUs), 2),
               Number(device.hours_to_limit, 2), device.life ? Number(device.life->hours, 2) : "",
               Field(Because(device)));
  }
}

void PrintJson(const std::vector<DeviceOutlook>& shown, const FleetHealth& fleet) {
  JsonWriter json;
  json.BeginObject()
      .Field("total", fleet.devices.size())
      .Field("need_attention", fleet.NumUrgent());
  json.Key("devices").BeginArray();
  for (const DeviceOutlook& device : shown) {
    json.BeginObject().Field("device_id", device.last.device).Field("urgency", device.urgency);
    json.Field("health", device.day).Field("health_week", device.week);
    json.Field("silent_hours",
               static_cast<double>(device.silent_us) / static_cast<double>(kHourUs));
    json.Field("hours_to_limit", device.hours_to_limit).Key("reasons").BeginArray();
    for (const std::string& reason : device.reasons) json.String(reason);
    json.EndArray();
    WriteUsefulLife(device.life, &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

Status Run(const HealthArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  Table* const stats = &tables.table(kDeviceStats);
  const std::string& model_file = arguments.rul.empty() ? config.health.rul_model : arguments.rul;
  UsefulLives lives;
  if (!model_file.empty()) {
    AVOCET_ASSIGN_OR_RETURN(const RulModel model, LoadRulModel(Env::Posix(), model_file));
    AVOCET_ASSIGN_OR_RETURN(lives, EstimateLives(stats, model));
  }
  AVOCET_ASSIGN_OR_RETURN(const FleetHealth fleet,
                          RankFleet(&tables.table(kDeviceHealth), stats, config, lives));
  std::vector<DeviceOutlook> shown;
  for (const DeviceOutlook& device : fleet.devices) {
    if (!arguments.all && device.urgency == 0) continue;
    if (arguments.limit == 0 || shown.size() < arguments.limit) shown.push_back(device);
  }
  if (arguments.format == "csv") {
    PrintCsv(shown);
  } else if (arguments.format == "json") {
    PrintJson(shown, fleet);
  } else if (fleet.devices.empty()) {
    fmt::print("no hour of a device is in the table yet\n");
  } else {
    PrintTable(shown, fleet);
  }
  return Status::Ok();
}

}  // namespace

void AddHealthCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<HealthArguments>();
  CLI::App* command =
      app->add_subcommand("health", "Which devices will need attention within a week, and why");
  AddLakeOptions(command, arguments.get(), {"table", "csv", "json"});
  command->add_option("--rul", arguments->rul,
                      "Model of avocet fit-rul (default: health.rul_model of the configuration)");
  command->add_flag("--all", arguments->all, "Also devices that are well");
  command->add_option("--limit", arguments->limit, "At most so many; 0: all (default: 20)");
  command->callback([arguments, exit_code] { *exit_code = Report(Run(*arguments)); });
}

}  // namespace avocet
