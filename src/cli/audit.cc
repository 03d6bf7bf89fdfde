// audit: who did what, and whether the log of it is whole.
#include "src/cli/audit.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "src/base/json_writer.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/lake_arguments.h"
#include "src/engine/audit_log.h"
#include "src/engine/owned_lake.h"

namespace avocet {
namespace {

constexpr int kDamage = 65;

struct AuditArguments : LakeArguments {
  std::string kept;
};

// "17:9f86d0...": number and hash of an entry.
Result<std::pair<int64_t, std::string>> ParseKept(const std::string& text) {
  std::pair<int64_t, std::string> kept;
  const size_t colon = text.find(':');
  const char* const end = text.data() + std::min(colon, text.size());
  const auto [rest, error] = std::from_chars(text.data(), end, kept.first);
  if (colon == text.npos || error != std::errc() || rest != end) {
    return Status::Usage("cannot read --kept " + text + ": write NUMBER:HASH");
  }
  kept.second = text.substr(colon + 1);
  return kept;
}

// Looking must not make what it looks for.
Result<std::unique_ptr<AuditLog>> OpenToRead(const Config& config) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  const std::string path = AuditPath(config);
  if (!Env::Posix()->Stat(path).ok()) {
    return Status::NotFound("there is no audit log: nobody has done anything that " + path +
                            " would have, or it was removed");
  }
  return AuditLog::Open(path, Env::Posix());
}

Status List(const AuditArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenToRead(config));
  AVOCET_ASSIGN_OR_RETURN(const auto entries, log->Entries());
  for (const AuditEntry& entry : entries) {
    if (arguments.format == "text") {
      fmt::print("{} {} {}\n", entry.number, entry.at,
                 entry.body.empty() ? "redacted" : entry.body);
      continue;
    }
    JsonWriter json;
    json.BeginObject().Field("number", entry.number).Field("at", entry.at).Key("entry");
    entry.body.empty() ? json.Null() : json.Raw(entry.body);
    json.Field("hash", entry.hash).EndObject();
    fmt::print("{}\n", json.Take());
  }
  return Status::Ok();
}

Result<bool> Verify(const AuditArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  std::optional<std::pair<int64_t, std::string>> kept;
  if (!arguments.kept.empty()) {
    AVOCET_ASSIGN_OR_RETURN(kept, ParseKept(arguments.kept));
  }
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenToRead(config));
  AVOCET_ASSIGN_OR_RETURN(const AuditReport report, log->Verify(kept));
  if (arguments.format == "json") {
    JsonWriter json;
    json.BeginObject().Field("whole", report.problems.empty()).Field("entries", report.entries);
    json.Field("redacted", report.redacted).Field("head", report.head);
    json.Key("problems").BeginArray();
    for (const std::string& problem : report.problems) json.String(problem);
    json.EndArray().EndObject();
    fmt::print("{}\n", json.Take());
    return report.problems.empty();
  }
  for (const std::string& problem : report.problems) fmt::print("error: {}\n", problem);
  fmt::print("{}: {} entries, {} of them redacted; the newest is {}:{}\n",
             report.problems.empty() ? "whole" : "damaged",
             WithThousands(static_cast<uint64_t>(report.entries)),
             WithThousands(static_cast<uint64_t>(report.redacted)), report.entries, report.head);
  return report.problems.empty();
}

int RunVerify(const AuditArguments& arguments) {
  const auto whole = Verify(arguments);
  if (!whole.ok()) return Report(whole.status());
  return *whole ? 0 : kDamage;
}

}  // namespace

void AddAuditCommand(CLI::App* app, int* exit_code) {
  CLI::App* audit = app->add_subcommand("audit", "Who did what, in a log that shows changes");
  audit->require_subcommand(1);
  auto listing = std::make_shared<AuditArguments>();
  CLI::App* list = audit->add_subcommand("list", "List all entries, oldest first");
  AddLakeOptions(list, listing.get());
  list->callback([listing, exit_code] { *exit_code = Report(List(*listing)); });

  auto checking = std::make_shared<AuditArguments>();
  CLI::App* verify = audit->add_subcommand("verify", "Say whether an entry was changed or removed");
  AddLakeOptions(verify, checking.get());
  verify->add_option("--kept", checking->kept,
                     "NUMBER:HASH of an entry, as verify printed it: it must still be there");
  verify->callback([checking, exit_code] { *exit_code = RunVerify(*checking); });
}

}  // namespace avocet
