#include "test/sim/sim_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

#include "src/engine/commit_info.h"
#include "src/engine/fsck.h"
#include "src/engine/recovery.h"
#include "src/lake/lake.h"
#include "src/source/position_text.h"
#include "test/lake/table_text.h"

namespace avocet {
namespace {

using RecordPlace = std::pair<std::string, int64_t>;  // file name and offset

constexpr std::string_view kData = "/data/";

Result<RecordPlace> PlaceOf(const std::string& partition, const std::string& offset) {
  if (!partition.starts_with(kData)) {
    return Status::Corrupt("a row comes from " + partition);
  }
  return RecordPlace(partition.substr(kData.size()), std::stoll(offset));
}

std::string TextOf(const RecordPlace& place) {
  return fmt::format("record {} of {}", place.second, place.first);
}

// The places of a table's rows; one that is there already is an error.
Status TakePlaces(const TableText& rows, std::string_view table, const SimPlan& plan,
                  std::set<RecordPlace>* places) {
  for (const TextRow& row : rows.rows) {
    AVOCET_ASSIGN_OR_RETURN(const RecordPlace place, PlaceOf(row[0], row[1]));
    if (!plan.records.contains(place)) {
      return Status::Corrupt(fmt::format("{} has {}, which was never sent", table, TextOf(place)));
    }
    if (!places->insert(place).second) {
      return Status::Corrupt(fmt::format("{} is in {} once too often", TextOf(place), table));
    }
  }
  return Status::Ok();
}

Result<std::unique_ptr<Table>> OpenBronze(Lake* lake) {
  return lake->OpenTable(TablePath("bronze"));
}

Status CheckNotBack(std::string_view what, int64_t before, int64_t after, int64_t epoch) {
  if (after >= before) return Status::Ok();
  return Status::Corrupt(
      fmt::format("{} goes back from {} to {} in epoch {}", what, before, after, epoch));
}

Status CheckFollows(const CommitInfo& before, const CommitInfo& after) {
  if (before.epoch != 0 && after.epoch != before.epoch + 1) {
    return Status::Corrupt(fmt::format("epoch {} follows {}", after.epoch, before.epoch));
  }
  const auto number = [](uint64_t value) { return static_cast<int64_t>(value); };
  const auto check = [&](std::string_view what, int64_t old_value, int64_t new_value) {
    return CheckNotBack(what, old_value, new_value, after.epoch);
  };
  AVOCET_RETURN_IF_ERROR(check("sequence", before.next_sequence, after.next_sequence));
  AVOCET_RETURN_IF_ERROR(check("received_at", before.received_us, after.received_us));
  AVOCET_RETURN_IF_ERROR(
      check("received", number(before.totals.received), number(after.totals.received)));
  return check("duplicates", number(before.totals.duplicates), number(after.totals.duplicates));
}

struct Reach {
  std::string path;
  int64_t offset = 0;
};

Status TakePositions(const CommitInfo& info, std::map<std::string, Reach>* reached) {
  for (const auto& [key, text] : info.positions) {
    AVOCET_ASSIGN_OR_RETURN(const PositionText position, PositionText::Parse(text));
    const auto offset = static_cast<int64_t>(position.Unsigned("offset"));
    Reach& reach = (*reached)[key];
    AVOCET_RETURN_IF_ERROR(
        CheckNotBack("the position of " + key, reach.offset, offset, info.epoch));
    reach = {position.String("path"), offset};
  }
  return Status::Ok();
}

// Positions after the last commit of bronze.
Result<std::map<std::string, Reach>> FollowBronze(Env* env, const std::string& root) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::OpenLocal(env, root));
  AVOCET_ASSIGN_OR_RETURN(const auto bronze, OpenBronze(lake.get()));
  std::map<std::string, Reach> reached;
  CommitInfo before;
  for (int64_t version = 0; version <= bronze->version(); ++version) {
    const auto entry = bronze->LogEntry(version);
    if (entry.status().code() == StatusCode::kNotFound) continue;  // cleaned up
    if (!entry.ok()) return entry.status();
    AVOCET_ASSIGN_OR_RETURN(auto info, ParseCommitInfo(*entry));
    if (!info) continue;
    AVOCET_RETURN_IF_ERROR(CheckFollows(before, *info));
    AVOCET_RETURN_IF_ERROR(TakePositions(*info, &reached));
    before = std::move(*info);
  }
  return reached;
}

Result<TableText> ReadComparable(Env* env, const std::string& root, const std::string& table) {
  std::vector<std::string> columns;
  if (table == "bronze") {
    columns = {"device_id", "event_time", "payload", "source", "partition", "offset", "sequence"};
  } else if (table == "quarantine") {
    columns = {"payload", "code", "message", "position", "format", "source", "partition", "offset"};
  }
  return ReadTable(env, root, table, columns);
}

std::string FirstDifference(const TableText& have, const TableText& want) {
  if (have.columns != want.columns) {
    return "columns " + JoinCells(have.columns) + " instead of " + JoinCells(want.columns);
  }
  const auto [h, w] =
      std::mismatch(have.rows.begin(), have.rows.end(), want.rows.begin(), want.rows.end());
  return fmt::format(
      "{} rows instead of {}; the first that differs is\n    {}\n  instead of\n    {}",
      have.rows.size(), want.rows.size(), h == have.rows.end() ? "(none)" : JoinCells(*h),
      w == want.rows.end() ? "(none)" : JoinCells(*w));
}

}  // namespace

Status CheckRecords(Env* env, const std::string& root, const SimPlan& plan) {
  AVOCET_ASSIGN_OR_RETURN(const TableText bronze,
                          ReadTable(env, root, "bronze", {"partition", "offset"}));
  AVOCET_ASSIGN_OR_RETURN(TableText quarantine,
                          ReadTable(env, root, "quarantine", {"partition", "offset", "code"}));
  // What a rule has dropped is in bronze as well.
  std::erase_if(quarantine.rows, [&](const TextRow& row) {
    return std::binary_search(bronze.rows.begin(), bronze.rows.end(), TextRow{row[0], row[1]});
  });
  std::set<RecordPlace> places;
  AVOCET_RETURN_IF_ERROR(TakePlaces(bronze, "bronze", plan, &places));
  AVOCET_RETURN_IF_ERROR(TakePlaces(quarantine, "quarantine", plan, &places));
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::OpenLocal(env, root));
  AVOCET_ASSIGN_OR_RETURN(const auto table, OpenBronze(lake.get()));
  AVOCET_ASSIGN_OR_RETURN(const CommitInfo last, NewestCommit(table.get()));
  if (last.totals.received != plan.records.size() ||
      places.size() + last.totals.duplicates != plan.records.size()) {
    return Status::Corrupt(fmt::format(
        "{} records were sent, {} received; {} are in bronze, {} in quarantine, {} duplicates",
        plan.records.size(), last.totals.received, bronze.rows.size(), quarantine.rows.size(),
        last.totals.duplicates));
  }
  return Status::Ok();
}

Status CheckMonotone(Env* env, const std::string& root) {
  AVOCET_ASSIGN_OR_RETURN(const auto reached, FollowBronze(env, root));
  for (const auto& [key, reach] : reached) {
    AVOCET_ASSIGN_OR_RETURN(const FileInfo info, env->Stat(reach.path));
    if (info.size_bytes == static_cast<uint64_t>(reach.offset)) continue;
    return Status::Corrupt(
        fmt::format("{} of {} bytes of {} were read", reach.offset, info.size_bytes, reach.path));
  }
  return Status::Ok();
}

Status CompareLakes(Env* have, Env* want, const std::string& lake) {
  for (size_t id = 0; id < kNumTables; ++id) {
    const std::string table(TableName(id));
    AVOCET_ASSIGN_OR_RETURN(const TableText got, ReadComparable(have, lake, table));
    AVOCET_ASSIGN_OR_RETURN(const TableText expected, ReadComparable(want, lake, table));
    if (got.columns == expected.columns && got.rows == expected.rows) continue;
    return Status::Corrupt(table +
                           " differs from a straight run: " + FirstDifference(got, expected));
  }
  return Status::Ok();
}

Status CheckFsck(const Config& config, Env* env, const std::set<std::string>& known,
                 bool warnings) {
  AVOCET_ASSIGN_OR_RETURN(const FsckReport report,
                          CheckLake(config, env, FsckOptions{.verify_pages = true}));
  for (const Finding& finding : report.findings) {
    const bool is_hint = finding.file.ends_with("/_last_checkpoint");  // the next one mends it
    const bool matters = finding.severity == FindingLevel::kError ||
                         (warnings && !is_hint && finding.severity == FindingLevel::kWarning);
    if (!matters || known.contains(finding.file)) continue;
    return Status::Corrupt(fmt::format("fsck: {}: {} {}: {}", LevelWord(finding.severity),
                                       finding.table, finding.file, finding.problem));
  }
  return Status::Ok();
}

Status CheckMessage(const std::string& message) {
  const bool has_path = message.find(" /") != std::string::npos;
  const int errors[] = {EIO, ENOSPC, EACCES};
  const bool has_cause = std::any_of(std::begin(errors), std::end(errors), [&](int error) {
    return message.find(std::strerror(error)) != std::string::npos;
  });
  if (has_path && has_cause) return Status::Ok();
  return Status::Corrupt("an error does not say which file and why: " + message);
}

}  // namespace avocet
