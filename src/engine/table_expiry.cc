#include "src/engine/table_expiry.h"

#include <utility>

#include "src/base/time_format.h"
#include "src/engine/owned_lake.h"
#include "src/engine/snapshot_file.h"
#include "src/env/kill_point.h"

namespace avocet {
namespace {

// The column that has the time of a row.
std::string TimeColumn(size_t id) {
  if (id == kQuarantine) return "received_at";
  return id == kDeviceStats || id == kDeviceHealth ? "hour" : "event_time";
}

// Bronze rows of later epochs are needed for the state, also when the newest snapshot turns out to
// be damaged and the start goes back to the one before it.
Result<int64_t> OldestSnapshot(const Config& config, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const auto epochs, ListSnapshots(env, SnapshotDir(config)));
  return epochs.empty() ? 0 : epochs.back();
}

}  // namespace

Duration RetentionOf(const Config& config, size_t id) {
  const RetentionConfig& keep = config.storage.retention;
  switch (id) {
    case kBronze:
      return keep.bronze;
    case kQuarantine:
      return keep.quarantine;
    case kSilver:
      return keep.silver;
    case kAnomalies:
      return keep.anomalies;
    case kDeviceStats:
      return keep.device_stats;
    case kDeviceHealth:
      return keep.device_health;
    default:
      return keep.alerts;
  }
}

std::string NewestDay(const TableFile& file, size_t id) {
  constexpr size_t kDay = 10;
  const auto& known = id == kBronze ? file.partition_values : file.max_texts;
  const auto found = known.find(id == kBronze ? "date" : TimeColumn(id));
  return found == known.end() ? std::string() : found->second.substr(0, kDay);
}

Result<std::vector<TableFile>> ExpireTable(const Config& config, Env* env, LakeTables* tables,
                                           size_t id, bool dry_run) {
  const Duration keep = RetentionOf(config, id);
  if (keep.count() == 0) return std::vector<TableFile>();
  const std::string first_day = FormatDate(env->NowMicros() - keep.count());
  int64_t last_epoch = INT64_MAX;
  if (id == kBronze) {
    AVOCET_ASSIGN_OR_RETURN(last_epoch, OldestSnapshot(config, env));
  }
  Table& table = tables->table(id);
  AVOCET_ASSIGN_OR_RETURN(std::vector<TableFile> files, table.Files());
  std::erase_if(files, [&](const TableFile& file) {
    const std::string day = NewestDay(file, id);
    const auto epoch = file.max_values.find("epoch");
    const bool is_needed =
        id == kBronze && (epoch == file.max_values.end() || epoch->second > last_epoch);
    return day.empty() || day >= first_day || is_needed;
  });
  if (dry_run || files.empty()) return files;
  CommitRequest request{.operation = "DELETE"};
  for (const TableFile& file : files) request.removes.push_back(file.path);
  const auto version = table.Commit(request);
  if (!version.ok()) return version.status();
  KillPoint("care_expired");
  return files;
}

}  // namespace avocet
