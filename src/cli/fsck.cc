// fsck: what is wrong with the tables, and what would mend it.
#include "src/engine/fsck.h"

#include <fmt/format.h>

#include <memory>

#include "src/base/json_writer.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/lake_arguments.h"

namespace avocet {
namespace {

constexpr int kDamage = 65;

struct FsckArguments : LakeArguments {
  bool verify_pages = false;
  bool dry_run = false;
};

void PrintText(const FsckReport& report, bool verified_pages) {
  for (const CheckedTable& table : report.tables) {
    if (table.version < 0) {
      fmt::print("{:<13} cannot be opened\n", table.table);
      continue;
    }
    fmt::print("{:<13} version {}, epoch {}, {} rows in {} files, {}\n", table.table, table.version,
               table.epoch < 0 ? "none" : std::to_string(table.epoch),
               WithThousands(static_cast<uint64_t>(table.rows)), WithThousands(table.files),
               HumanBytes(table.size_bytes));
  }
  for (const Finding& finding : report.findings) {
    fmt::print("\n{}: {}{}{}: {}\n", LevelWord(finding.severity), finding.table,
               finding.table.empty() ? "" : ": ", finding.file, finding.problem);
    if (!finding.remedy.empty()) fmt::print("  to mend it: {}\n", finding.remedy);
  }
  const size_t errors = report.Count(FindingLevel::kError);
  const size_t warnings = report.Count(FindingLevel::kWarning);
  fmt::print("\n{}: {} errors, {} warnings; {} of data files compared with their checksums{}\n",
             errors == 0 ? "clean" : "damaged", errors, warnings, HumanBytes(report.bytes_checked),
             verified_pages ? ", every page decoded" : "");
}

void PrintJson(const FsckReport& report) {
  JsonWriter json;
  json.BeginObject().Field("clean", report.Count(FindingLevel::kError) == 0);
  json.Field("errors", report.Count(FindingLevel::kError));
  json.Field("warnings", report.Count(FindingLevel::kWarning));
  json.Field("bytes_checked", report.bytes_checked).Key("tables").BeginArray();
  for (const CheckedTable& table : report.tables) {
    json.BeginObject().Field("table", table.table).Field("version", table.version);
    json.Field("epoch", table.epoch).Field("files", table.files);
    json.Field("bytes", table.size_bytes).Field("rows", table.rows).EndObject();
  }
  json.EndArray().Key("findings").BeginArray();
  for (const Finding& finding : report.findings) {
    json.BeginObject().Field("severity", LevelWord(finding.severity));
    json.Field("table", finding.table).Field("file", finding.file);
    json.Field("problem", finding.problem).Field("remedy", finding.remedy).EndObject();
  }
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

int Fsck(const FsckArguments& arguments) {
  const auto config = LoadLakeConfig(arguments);
  if (!config.ok()) return Report(config.status());
  const auto report = CheckLake(*config, Env::Posix(), {.verify_pages = arguments.verify_pages});
  if (!report.ok()) return Report(report.status());
  if (arguments.format == "json") {
    PrintJson(*report);
  } else {
    PrintText(*report, arguments.verify_pages);
  }
  return report->Count(FindingLevel::kError) == 0 ? 0 : kDamage;
}

}  // namespace

void AddFsckCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<FsckArguments>();
  CLI::App* command =
      app->add_subcommand("fsck", "Verify the tables; says what is wrong and what would mend it");
  AddLakeOptions(command, arguments.get());
  command->add_flag("--verify-pages", arguments->verify_pages,
                    "Decode every page of every data file");
  command->add_flag("--dry-run", arguments->dry_run, "Change nothing, which fsck never does");
  command->callback([arguments, exit_code] { *exit_code = Fsck(*arguments); });
}

}  // namespace avocet
