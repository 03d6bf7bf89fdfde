// anomalies: what detectors found, from the tables.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/label_option.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/lake_time.h"
#include "src/cli/text_table.h"
#include "src/engine/owned_lake.h"
#include "src/server/lake_history.h"

namespace avocet {
namespace {

constexpr size_t kDefaultLimit = 50;

struct AnomaliesArguments : LakeArguments {
  AnomalyFilter filter;  // but for the times and labels
  std::string from, to;
  std::vector<std::string> labels;  // "site=north"
  size_t limit = kDefaultLimit;
};

Result<AnomalyFilter> FilterOf(const AnomaliesArguments& arguments, const Config& config) {
  AnomalyFilter filter = arguments.filter;
  filter.devices = &config.devices;
  AVOCET_ASSIGN_OR_RETURN(filter.labels, ParseLabels(arguments.labels));
  AVOCET_RETURN_IF_ERROR(
      ReadSpan(arguments.from, arguments.to, config, &filter.from_us, &filter.to_us));
  return filter;
}

void PrintCsv(const std::vector<AnomalyRow>& rows) {
  fmt::print("{}", AnomalyCsvHeader());
  for (const AnomalyRow& row : rows) fmt::print("{}", AnomalyCsv(row));
}

void PrintJson(const std::vector<AnomalyRow>& rows, bool is_complete) {
  JsonWriter json;
  json.BeginObject().Field("is_complete", is_complete).Key("anomalies").BeginArray();
  for (const AnomalyRow& row : rows) WriteAnomaly(row, &json);
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

void PrintTable(const std::vector<AnomalyRow>& rows, bool is_complete) {
  if (!rows.empty()) {
    TextTable table({"TIME", "SEVERITY", "SCORE", "DEVICE", "METRIC", "REASON"}, 6);
    for (const AnomalyRow& row : rows) {
      table.Add({FormatTimestamp(row.event_time_us), row.severity, fmt::format("{:.2f}", row.score),
                 row.device, row.metric.empty() ? "(device)" : row.metric, row.reason});
    }
    fmt::print("{}\n", table.Text());
  }
  if (!is_complete) {
    fmt::print("the newest {} are listed, --limit 0 lists all\n", rows.size());
  } else {
    fmt::print("{} {}\n", rows.size(), rows.size() == 1 ? "anomaly" : "anomalies");
  }
}

Status List(const AnomaliesArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_ASSIGN_OR_RETURN(const AnomalyFilter filter, FilterOf(arguments, config));
  LakeHistory history(config, Env::Posix());
  // One more tells whether there are more.
  const size_t limit = arguments.limit == 0 ? SIZE_MAX - 1 : arguments.limit;
  AVOCET_ASSIGN_OR_RETURN(std::vector<AnomalyRow> rows, history.Anomalies(filter, limit + 1));
  const bool is_complete = rows.size() <= limit;
  if (!is_complete) rows.resize(limit);
  if (arguments.format == "csv") {
    PrintCsv(rows);
  } else if (arguments.format == "json") {
    PrintJson(rows, is_complete);
  } else {
    PrintTable(rows, is_complete);
  }
  return Status::Ok();
}

}  // namespace

void AddAnomaliesCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<AnomaliesArguments>();
  CLI::App* command = app->add_subcommand("anomalies", "List what detectors found, newest first");
  AddLakeOptions(command, arguments.get(), {"table", "csv", "json"});
  AnomalyFilter* const filter = &arguments->filter;
  command->add_option("--device", filter->device, "Only anomalies of this device");
  command->add_option("--metric", filter->metric, "Only anomalies of this metric");
  command->add_option("--severity", filter->severity, "Only anomalies of this severity")
      ->check(CLI::IsMember({"info", "warning", "critical"}));
  command->add_option("--detector", filter->detector, "Only what this detector found");
  command->add_option("--type", filter->type, "Only this type, as spike or stuck");
  AddLabelOption(command, &arguments->labels);
  command->add_option("--from", arguments->from,
                      "Only those since then, as 2026-01-31T12:00:00Z or now-7d");
  command->add_option("--to", arguments->to, "Only those before then");
  command->add_option("--limit", arguments->limit, "List so many, 0: all (default: 50)");
  command->callback([arguments, exit_code] { *exit_code = Report(List(*arguments)); });
}

}  // namespace avocet
