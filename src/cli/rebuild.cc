// rebuild: silver and gold anew from bronze.
#include "src/engine/rebuild.h"

#include <fmt/format.h>

#include <memory>

#include "src/base/json_writer.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"
#include "src/engine/audit_log.h"

namespace avocet {
namespace {

struct RebuildArguments : LakeArguments {
  bool dry_run = false;
};

void PrintText(const RebuildReport& report, bool dry_run) {
  for (const RebuiltTable& table : report.tables) {
    fmt::print("{:<13} {} {} rows (before: {})\n", table.table, dry_run ? "would have" : "has",
               WithThousands(static_cast<uint64_t>(table.rows)),
               WithThousands(static_cast<uint64_t>(table.rows_before)));
  }
  fmt::print("{} {} rows of bronze{}\n", dry_run ? "computed from" : "rebuilt from",
             WithThousands(static_cast<uint64_t>(report.bronze_rows)),
             dry_run ? "; nothing was changed" : fmt::format(", in epoch {}", report.epoch));
  if (report.undecodable > 0) {
    fmt::print(
        "{} rows of bronze cannot be decoded under this configuration and are in no other "
        "table\n",
        WithThousands(report.undecodable));
  }
}

void PrintJson(const RebuildReport& report, bool dry_run) {
  JsonWriter json;
  json.BeginObject().Field("dry_run", dry_run).Field("epoch", report.epoch);
  json.Field("bronze_rows", report.bronze_rows).Field("undecodable", report.undecodable);
  json.Key("tables").BeginArray();
  for (const RebuiltTable& table : report.tables) {
    json.BeginObject().Field("table", table.table).Field("rows_before", table.rows_before);
    json.Field("rows", table.rows).Field("files", table.files).EndObject();
  }
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

Status RunRebuild(const RebuildArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const RebuildReport report,
                          Rebuild(config, Env::Posix(), {.dry_run = arguments.dry_run}));
  if (!arguments.dry_run) {
    NoteAudit(config, Env::Posix(),
              {.actor = ActorOr(""), .remote = "", .action = "tables rebuilt", .details = {}});
  }
  if (arguments.format == "json") {
    PrintJson(report, arguments.dry_run);
  } else {
    PrintText(report, arguments.dry_run);
  }
  return Status::Ok();
}

}  // namespace

void AddRebuildCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<RebuildArguments>();
  CLI::App* command = app->add_subcommand(
      "rebuild", "Compute silver and gold anew from bronze, under the present configuration");
  AddLakeOptions(command, arguments.get());
  command->add_flag("--dry-run", arguments->dry_run, "Compute and count, and change nothing");
  command->callback([arguments, exit_code] { *exit_code = Report(RunRebuild(*arguments)); });
}

}  // namespace avocet
