// quarantine: what was not accepted, and a second chance.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/base/utf8.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"
#include "src/cli/text_table.h"
#include "src/config/instant.h"
#include "src/engine/audit_log.h"
#include "src/engine/owned_lake.h"
#include "src/engine/quarantine_retry.h"
#include "src/engine/quarantine_rows.h"

namespace avocet {
namespace {

constexpr size_t kPrefixBytes = 48;
constexpr size_t kDefaultLimit = 50;
constexpr size_t kHexWidth = 16;

struct ListArguments : LakeArguments {
  std::string code;
  std::string since;
  size_t limit = kDefaultLimit;
};

struct ShowArguments : LakeArguments {
  std::string id;
  bool raw = false;
};

struct RetryArguments : LakeArguments {
  std::string code;
  bool dry_run = false;
};

// A row that outlives the reading.
struct Record {
  std::string id, code, message, format, source, partition, payload;
  int64_t position = -1, offset = 0, received_us = 0;
};

Record Keep(const QuarantineRow& row) {
  return {.id = row.Id(),
          .code = std::string(row.code),
          .message = std::string(row.message),
          .format = std::string(row.format),
          .source = std::string(row.source),
          .partition = std::string(row.partition),
          .payload = std::string(row.payload),
          .position = row.position,
          .offset = row.offset,
          .received_us = row.received_us};
}

// One line: control characters, backslashes and bytes that are not UTF-8 as escapes.
std::string Escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Sequence next = FirstUtf8Sequence(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (text.front() == '\n') {
      out += "\\n";
    } else if (text.front() == '\r') {
      out += "\\r";
    } else if (text.front() == '\t') {
      out += "\\t";
    } else if (text.front() == '\\') {
      out += "\\\\";
    } else if (next.is_valid && byte >= 0x20 && byte != 0x7F) {
      out += text.substr(0, next.size_bytes);
    } else {
      for (size_t i = 0; i < next.size_bytes; ++i) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
      }
    }
    text.remove_prefix(next.size_bytes);
  }
  return out;
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

bool IsText(std::string_view payload) {
  if (!IsValidUtf8(payload)) return false;
  return std::none_of(payload.begin(), payload.end(), [](char c) {
    return (c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
}

Result<std::unique_ptr<Table>> OpenQuarantine(const Config& config, Lake* lake) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  return lake->OpenTable(QuarantineSpec().Path(config.storage.catalog));
}

void WriteRecord(const Record& record, JsonWriter* json) {
  json->BeginObject().Field("id", record.id);
  json->Field("received_at", FormatTimestamp(record.received_us)).Field("code", record.code);
  json->Field("message", record.message).Field("position", record.position);
  json->Field("source", record.source).Field("partition", record.partition);
  json->Field("offset", record.offset).Field("format", record.format);
  if (IsValidUtf8(record.payload)) {
    json->Field("payload", record.payload);
  } else {
    json->Field("payload_hex", Hex(record.payload));
  }
  json->EndObject();
}

void PrintListText(const std::deque<Record>& records, uint64_t matched,
                   const std::map<std::string, uint64_t>& counts) {
  if (!records.empty()) {
    TextTable table({"ID", "RECEIVED", "CODE", "FROM", "MESSAGE", "PAYLOAD"}, 6);
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      const std::string prefix = Escaped(std::string_view(it->payload).substr(0, kPrefixBytes));
      table.Add({it->id, FormatTimestamp(it->received_us), it->code,
                 fmt::format("{}:{}", it->partition, it->offset), it->message,
                 prefix + (it->payload.size() > kPrefixBytes ? "..." : "")});
    }
    fmt::print("{}\n", table.Text());
  }
  for (const auto& [code, count] : counts) {
    fmt::print("{:>10}  {}\n", WithThousands(count), code);
  }
  if (matched > records.size()) {
    fmt::print("{:>10}  in all, the newest {} are listed; --limit 0 lists all\n",
               WithThousands(matched), records.size());
  } else {
    fmt::print("{:>10}  in all\n", WithThousands(matched));
  }
}

Status List(const ListArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  int64_t since_us = 0;
  if (!arguments.since.empty()) {
    const auto ago = ParseDuration(arguments.since);
    const auto instant = ParseInstant(arguments.since);
    if (!instant && !ago.ok()) {
      return Status::Usage("cannot read --since " + arguments.since +
                           ": give a time such as 2026-01-31T12:00:00Z or a duration such as 2h");
    }
    since_us = instant ? *instant : Env::Posix()->NowMicros() - *ago;
  }
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(const auto table, OpenQuarantine(config, lake.get()));
  std::deque<Record> records;
  std::map<std::string, uint64_t> counts;
  uint64_t matched = 0;
  AVOCET_RETURN_IF_ERROR(ReadQuarantine(table.get(), [&](const QuarantineRow& row) -> Result<bool> {
    if (!arguments.code.empty() && row.code != arguments.code) return true;
    if (row.received_us < since_us) return true;
    ++matched;
    ++counts[std::string(row.code)];
    records.push_back(Keep(row));
    if (arguments.limit > 0 && records.size() > arguments.limit) records.pop_front();
    return true;
  }));
  if (arguments.format != "json") {
    PrintListText(records, matched, counts);
    return Status::Ok();
  }
  JsonWriter json;
  json.BeginObject().Key("records").BeginArray();
  for (auto it = records.rbegin(); it != records.rend(); ++it) WriteRecord(*it, &json);
  json.EndArray().Key("counts").BeginObject();
  for (const auto& [code, count] : counts) json.Field(code, count);
  json.EndObject().Field("total", matched).EndObject();
  fmt::print("{}\n", json.Take());
  return Status::Ok();
}

void PrintHex(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += kHexWidth) {
    const std::string_view line = bytes.substr(at, kHexWidth);
    std::string hex, text;
    for (const char c : line) {
      hex += fmt::format("{:02x} ", static_cast<unsigned char>(c));
      text += c >= 0x20 && c < 0x7F ? c : '.';
    }
    fmt::print("  {:08x}  {:<48} {}\n", at, hex, text);
  }
}

void PrintRecord(const Record& record) {
  fmt::print("id         {}\n", record.id);
  fmt::print("received   {}\n", FormatTimestamp(record.received_us));
  fmt::print("code       {}\n", record.code);
  fmt::print("message    {}\n", Escaped(record.message));
  if (record.position >= 0) fmt::print("at byte    {}\n", record.position);
  fmt::print("source     {}\n", Escaped(record.source));
  fmt::print("partition  {}\n", Escaped(record.partition));
  fmt::print("offset     {}\n", record.offset);
  fmt::print("format     {}\n", Escaped(record.format));
  fmt::print("payload    {} bytes\n", record.payload.size());
  if (IsText(record.payload)) {
    fmt::print("{}\n", record.payload);
  } else {
    PrintHex(record.payload);
  }
}

Status Show(const ShowArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(const auto table, OpenQuarantine(config, lake.get()));
  std::optional<Record> found;
  AVOCET_RETURN_IF_ERROR(ReadQuarantine(table.get(), [&](const QuarantineRow& row) -> Result<bool> {
    if (row.Id() != arguments.id) return true;
    found = Keep(row);
    return false;
  }));
  if (!found) {
    return Status::NotFound("cannot show record " + arguments.id +
                            ": quarantine does not have it; `avocet quarantine list` names them");
  }
  if (arguments.raw) {
    std::fwrite(found->payload.data(), 1, found->payload.size(), stdout);
  } else if (arguments.format == "json") {
    JsonWriter json;
    WriteRecord(*found, &json);
    fmt::print("{}\n", json.Take());
  } else {
    PrintRecord(*found);
  }
  return Status::Ok();
}

void PrintRetryText(const RetryReport& report, bool dry_run) {
  if (dry_run) {
    fmt::print("{} of {} records would be accepted now\n", WithThousands(report.good),
               WithThousands(report.tried));
  } else {
    fmt::print("{} of {} records left quarantine: {} went into bronze, {} were there already\n",
               WithThousands(report.good), WithThousands(report.tried),
               WithThousands(report.accepted), WithThousands(report.duplicates));
    if (report.dropped > 0) {
      fmt::print("quality rules keep some of them out of silver: {} new quarantine rows say why\n",
                 WithThousands(report.dropped));
    }
  }
  for (const auto& [code, count] : report.good_by_code) {
    fmt::print("{:>10}  {}: good\n", WithThousands(count), code);
  }
  for (const auto& [code, count] : report.bad_by_code) {
    fmt::print("{:>10}  {}: still bad\n", WithThousands(count), code);
  }
  if (report.quality > 0) {
    fmt::print(
        "{:>10}  of quality rules: not tried, they are in bronze already; `avocet rebuild` "
        "applies changed rules\n",
        WithThousands(report.quality));
  }
  if (report.incomplete > 0) {
    fmt::print("{:>10}  not tried: only the beginning of the record was kept\n",
               WithThousands(report.incomplete));
  }
}

void PrintRetryJson(const RetryReport& report, bool dry_run) {
  JsonWriter json;
  json.BeginObject().Field("dry_run", dry_run).Field("tried", report.tried);
  json.Field("good", report.good).Field("accepted", report.accepted);
  json.Field("duplicates", report.duplicates).Field("dropped", report.dropped);
  json.Field("quality", report.quality).Field("incomplete", report.incomplete);
  json.Key("good_by_code").BeginObject();
  for (const auto& [code, count] : report.good_by_code) json.Field(code, count);
  json.EndObject().Key("bad_by_code").BeginObject();
  for (const auto& [code, count] : report.bad_by_code) json.Field(code, count);
  json.EndObject().EndObject();
  fmt::print("{}\n", json.Take());
}

Status Retry(const RetryArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const RetryReport report,
                          RetryQuarantine(config, Env::Posix(),
                                          {.code = arguments.code, .dry_run = arguments.dry_run}));
  if (!arguments.dry_run) {
    NoteAudit(config, Env::Posix(),
              {.actor = ActorOr(""),
               .remote = "",
               .action = "retry of quarantine",
               .details = {{"code", arguments.code}, {"good", std::to_string(report.good)}}});
  }
  if (arguments.format == "json") {
    PrintRetryJson(report, arguments.dry_run);
  } else {
    PrintRetryText(report, arguments.dry_run);
  }
  return Status::Ok();
}

void AddList(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App* command = app->add_subcommand("list", "List records, newest first, and count per code");
  AddLakeOptions(command, arguments.get(), {"table", "json"});
  command->add_option("--code", arguments->code, "Only records with this code");
  command->add_option("--since", arguments->since,
                      "Only records received since this time, or this long ago");
  command->add_option("--limit", arguments->limit, "List so many records, 0: all (default: 50)");
  command->callback([arguments, exit_code] { *exit_code = Report(List(*arguments)); });
}

void AddShow(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App* command = app->add_subcommand("show", "Show one record whole");
  command->add_option("id", arguments->id, "Its id, as list prints it")->required();
  AddLakeOptions(command, arguments.get());
  command->add_flag("--raw", arguments->raw, "Write its bytes to standard output, nothing else");
  command->callback([arguments, exit_code] { *exit_code = Report(Show(*arguments)); });
}

void AddRetry(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<RetryArguments>();
  CLI::App* command = app->add_subcommand(
      "retry", "Put records into bronze that the present configuration accepts");
  AddLakeOptions(command, arguments.get());
  command->add_option("--code", arguments->code, "Only records with this code");
  command->add_flag("--dry-run", arguments->dry_run, "Say what would be accepted, and do nothing");
  command->callback([arguments, exit_code] { *exit_code = Report(Retry(*arguments)); });
}

}  // namespace

void AddQuarantineCommand(CLI::App* app, int* exit_code) {
  CLI::App* command = app->add_subcommand("quarantine", "Look at records that were not accepted");
  command->require_subcommand(1);
  AddList(command, exit_code);
  AddShow(command, exit_code);
  AddRetry(command, exit_code);
}

}  // namespace avocet
