// optimize and vacuum: fewer files, and none that nobody needs.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/lake_arguments.h"
#include "src/engine/table_upkeep.h"

namespace avocet {
namespace {

constexpr Duration kSafeRetention = std::chrono::hours(1);

struct UpkeepArguments : LakeArguments {
  std::string table;
  std::string retention;
  bool force = false;
  bool dry_run = false;
};

Result<std::vector<size_t>> ChosenTables(const Config& config, const std::string& name) {
  std::vector<size_t> ids;
  if (name.empty()) {
    for (size_t id = 0; id < kNumTables; ++id) ids.push_back(id);
    return ids;
  }
  const auto id = FindTable(config, name);
  if (!id) {
    return Status::Usage(
        fmt::format("unknown table \"{}\"; known are bronze, quarantine, silver, anomalies, "
                    "device_stats, device_health, alerts",
                    name));
  }
  ids.push_back(*id);
  return ids;
}

void PrintOptimizedText(const TableUpkeep& done, bool dry_run) {
  const CareReport& report = done.report;
  fmt::print("{:<13} ", TableName(done.id));
  if (!done.skipped.empty()) {
    fmt::print("skipped: {}\n", done.skipped);
  } else if (report.runs == 0) {
    fmt::print("nothing to merge in {} files, {}\n", WithThousands(done.files_before),
               HumanBytes(done.bytes_before));
  } else if (dry_run) {
    fmt::print("{} of {} files, {}, would be merged in {} {}\n",
               WithThousands(report.compacted_files), WithThousands(done.files_before),
               HumanBytes(report.compacted_bytes), report.runs,
               report.runs == 1 ? "commit" : "commits");
  } else {
    fmt::print("merged {} files into {}; {} files, {} before, {} files, {} after\n",
               WithThousands(report.compacted_files), WithThousands(report.written_files),
               WithThousands(done.files_before), HumanBytes(done.bytes_before),
               WithThousands(done.files_after), HumanBytes(done.bytes_after));
  }
}

void PrintOptimizedJson(const std::vector<TableUpkeep>& tables, bool dry_run) {
  JsonWriter json;
  json.BeginObject().Field("dry_run", dry_run).Key("tables").BeginArray();
  for (const TableUpkeep& done : tables) {
    json.BeginObject().Field("table", TableName(done.id));
    json.Field("merged_files", done.report.compacted_files);
    json.Field("merged_bytes", done.report.compacted_bytes);
    json.Field("written_files", done.report.written_files).Field("commits", done.report.runs);
    json.Field("files_before", done.files_before).Field("bytes_before", done.bytes_before);
    if (!dry_run) {
      json.Field("files_after", done.files_after).Field("bytes_after", done.bytes_after);
    }
    if (!done.skipped.empty()) json.Field("skipped", done.skipped);
    json.EndObject();
  }
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

Status Optimize(const UpkeepArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto ids, ChosenTables(config, arguments.table));
  AVOCET_ASSIGN_OR_RETURN(const auto tables,
                          OptimizeTables(config, Env::Posix(), ids, arguments.dry_run));
  if (arguments.format == "json") {
    PrintOptimizedJson(tables, arguments.dry_run);
    return Status::Ok();
  }
  for (const TableUpkeep& done : tables) PrintOptimizedText(done, arguments.dry_run);
  return Status::Ok();
}

Result<Duration> Retention(const UpkeepArguments& arguments, const Config& config) {
  if (arguments.retention.empty()) return config.storage.vacuum_retention;
  const auto micros = ParseDuration(arguments.retention);
  if (!micros.ok()) {
    return Status::Usage("cannot read --retention: " + micros.status().message());
  }
  return Duration(*micros);
}

void PrintVacuumed(const std::vector<TableUpkeep>& tables, Duration retention, bool json_wanted,
                   bool dry_run) {
  if (!json_wanted) {
    for (const TableUpkeep& done : tables) {
      if (!done.skipped.empty()) {
        fmt::print("{:<13} skipped: {}\n", TableName(done.id), done.skipped);
        continue;
      }
      fmt::print("{:<13} {} {} files, {}", TableName(done.id), dry_run ? "would delete" : "deleted",
                 WithThousands(done.report.removed_files), HumanBytes(done.report.removed_bytes));
      if (done.report.expired_files > 0) {
        fmt::print("; {} files, {}, {} past their retention",
                   WithThousands(done.report.expired_files), HumanBytes(done.report.expired_bytes),
                   dry_run ? "are" : "were");
      }
      fmt::print("\n");
    }
    return;
  }
  JsonWriter json;
  json.BeginObject().Field("dry_run", dry_run);
  json.Field("retention", FormatDuration(retention.count())).Key("tables").BeginArray();
  for (const TableUpkeep& done : tables) {
    json.BeginObject().Field("table", TableName(done.id));
    json.Field("deleted_files", done.report.removed_files);
    json.Field("deleted_bytes", done.report.removed_bytes);
    json.Field("expired_files", done.report.expired_files);
    json.Field("expired_bytes", done.report.expired_bytes);
    if (!done.skipped.empty()) json.Field("skipped", done.skipped);
    json.EndObject();
  }
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

Status Vacuum(const UpkeepArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto ids, ChosenTables(config, arguments.table));
  AVOCET_ASSIGN_OR_RETURN(const Duration retention, Retention(arguments, config));
  const bool alone = retention < kSafeRetention;
  if (alone && !arguments.force) {
    return Status::Usage(
        fmt::format("cannot vacuum with a retention of {}: below 1h, queries that run lose their "
                    "files; --force does it all the same, when no avocet is running",
                    FormatDuration(retention.count())));
  }
  AVOCET_ASSIGN_OR_RETURN(const auto tables, VacuumTables(config, Env::Posix(), ids, retention,
                                                          alone, arguments.dry_run));
  PrintVacuumed(tables, retention, arguments.format == "json", arguments.dry_run);
  return Status::Ok();
}

void AddUpkeepOptions(CLI::App* command, UpkeepArguments* arguments) {
  command->add_option("table", arguments->table,
                      "bronze, quarantine, silver, anomalies, device_stats, device_health or "
                      "alerts (default: all)");
  AddLakeOptions(command, arguments);
  command->add_flag("--dry-run", arguments->dry_run, "Say what would be done, and do nothing");
}

}  // namespace

void AddOptimizeCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<UpkeepArguments>();
  CLI::App* command =
      app->add_subcommand("optimize", "Merge small files, also while run is running");
  AddUpkeepOptions(command, arguments.get());
  command->callback([arguments, exit_code] { *exit_code = Report(Optimize(*arguments)); });
}

void AddVacuumCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<UpkeepArguments>();
  CLI::App* command =
      app->add_subcommand("vacuum", "Delete data files that the tables do not use any more");
  AddUpkeepOptions(command, arguments.get());
  command->add_option("--retention", arguments->retention,
                      "Keep what was used within this time (default: that of the configuration)");
  command->add_flag("--force", arguments->force, "Allow a retention below 1h");
  command->callback([arguments, exit_code] { *exit_code = Report(Vacuum(*arguments)); });
}

}  // namespace avocet
