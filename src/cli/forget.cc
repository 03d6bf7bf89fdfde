// forget: a device and everything it ever said, out of the lake.
#include "src/engine/forget.h"

#include <fmt/format.h>

#include <memory>

#include "src/base/json_writer.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"

namespace avocet {
namespace {

constexpr int kNotProven = 1;

struct ForgetArguments : LakeArguments {
  std::string device;
  bool dry_run = false;
};

void PrintText(const ForgetReport& report, const ForgetArguments& arguments) {
  if (!report.found) {
    fmt::print("no trace of device {} in the lake; nothing was changed\n", arguments.device);
    return;
  }
  for (size_t id = 0; id < kNumTables; ++id) {
    const ForgottenTable& table = report.tables[id];
    fmt::print("{:<13} {} {} rows", TableName(id), arguments.dry_run ? "would lose" : "lost",
               WithThousands(table.rows_removed));
    if (!arguments.dry_run) fmt::print(", {} files rewritten", table.files_rewritten);
    if (table.dead_files > 0) fmt::print(", {} files of the past", table.dead_files);
    fmt::print("\n");
  }
  if (report.journal_records > 0) {
    fmt::print("{:<13} {} {} records\n", "journals", arguments.dry_run ? "would lose" : "lost",
               WithThousands(report.journal_records));
  }
  if (arguments.dry_run) return;
  fmt::print("deleted {} data files ({}), {} log files, {} snapshots\n",
             WithThousands(report.files_deleted), HumanBytes(report.bytes_deleted),
             WithThousands(report.log_files_deleted), report.snapshots_deleted);
  if (report.audit_entries > 0) {
    fmt::print("redacted {} entries of the audit log\n", WithThousands(report.audit_entries));
  }
  fmt::print(
      "proof: read {} rows, searched {} bytes of {} files: ", WithThousands(report.rows_read),
      WithThousands(report.bytes_searched), WithThousands(report.files_searched));
  if (report.remaining.empty()) {
    fmt::print("no trace of device {}\n", arguments.device);
    return;
  }
  fmt::print("device {} is still found\n", arguments.device);
  for (const std::string& place : report.remaining) fmt::print("  {}\n", place);
}

void PrintJson(const ForgetReport& report, const ForgetArguments& arguments) {
  JsonWriter json;
  json.BeginObject().Field("device", arguments.device).Field("dry_run", arguments.dry_run);
  json.Field("found", report.found).Key("tables").BeginArray();
  for (size_t id = 0; id < kNumTables; ++id) {
    const ForgottenTable& table = report.tables[id];
    json.BeginObject().Field("table", TableName(id)).Field("rows_removed", table.rows_removed);
    json.Field("files_rewritten", table.files_rewritten);
    json.Field("files_read", table.files_read).Field("past_files", table.dead_files).EndObject();
  }
  json.EndArray().Field("journal_records", report.journal_records);
  json.Field("audit_entries", report.audit_entries);
  json.Field("files_deleted", report.files_deleted);
  json.Field("bytes_deleted", report.bytes_deleted);
  json.Field("log_files_deleted", report.log_files_deleted);
  json.Field("snapshots_deleted", report.snapshots_deleted);
  json.Field("rows_read", report.rows_read).Field("files_searched", report.files_searched);
  json.Field("bytes_searched", report.bytes_searched);
  json.Key("remaining").BeginArray();
  for (const std::string& place : report.remaining) json.String(place);
  json.EndArray().EndObject();
  fmt::print("{}\n", json.Take());
}

int Forget(const ForgetArguments& arguments) {
  const auto config = LoadLakeConfig(arguments);
  if (!config.ok()) return Report(config.status());
  const auto report =
      ForgetDevice(*config, Env::Posix(), arguments.device,
                   {.dry_run = arguments.dry_run, .actor = ActorOr(""), .on_step = nullptr});
  if (!report.ok()) return Report(report.status());
  if (arguments.format == "json") {
    PrintJson(*report, arguments);
  } else {
    PrintText(*report, arguments);
  }
  return arguments.dry_run || report->remaining.empty() ? 0 : kNotProven;
}

}  // namespace

void AddForgetCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ForgetArguments>();
  CLI::App* command = app->add_subcommand("forget", "Remove every trace of a device, and prove it");
  command->add_option("device", arguments->device, "The device's identifier")->required();
  AddLakeOptions(command, arguments.get());
  command->add_flag("--dry-run", arguments->dry_run, "Count its rows, and do nothing");
  command->callback([arguments, exit_code] { *exit_code = Forget(*arguments); });
}

}  // namespace avocet
