#include "src/alert/reset_log.h"

#include <utility>

namespace avocet {
namespace {

// A NULL time waits for an engine.
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS series_reset (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device TEXT NOT NULL,
  metric TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  from_us INTEGER);
)sql";

}  // namespace

Result<std::unique_ptr<ResetLog>> ResetLog::Open(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDb> db, SqliteDb::Open(path, kSchema));
  return std::unique_ptr<ResetLog>(new ResetLog(std::move(db)));
}

Result<int64_t> ResetLog::Add(const SeriesReset& reset) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement insert,
                          db_->Prepare("INSERT INTO series_reset (device, metric, created_us, "
                                       "actor) VALUES (?1, ?2, ?3, ?4)"));
  insert.Bind(1, reset.device).Bind(2, reset.metric);
  insert.Bind(3, reset.created_us).Bind(4, reset.actor);
  AVOCET_RETURN_IF_ERROR(insert.Run());
  return db_->LastRowId();
}

Result<std::vector<SeriesReset>> ResetLog::All() {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT id, device, metric, created_us, actor, from_us IS NOT NULL, from_us "
                   "FROM series_reset ORDER BY id"));
  std::vector<SeriesReset> resets;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return resets;
    SeriesReset& reset = resets.emplace_back(SeriesReset{.id = select.Int(0),
                                                         .device = select.Text(1),
                                                         .metric = select.Text(2),
                                                         .created_us = select.Int(3),
                                                         .actor = select.Text(4)});
    if (select.Int(5) != 0) reset.from_us = select.Int(6);
  }
}

Result<bool> ResetLog::TakeOver(int64_t event_time_us) {
  // Asked every second, and nearly always for nothing: a look takes no lock that the outbox wants.
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement waiting,
      db_->Prepare("SELECT EXISTS (SELECT 1 FROM series_reset WHERE from_us IS NULL)"));
  AVOCET_ASSIGN_OR_RETURN(const bool row, waiting.Step());
  if (!row || waiting.Int(0) == 0) return false;
  waiting.Reset();  // whoever still reads is not let wait for whoever writes
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement update,
      db_->Prepare("UPDATE series_reset SET from_us = ?1 WHERE from_us IS NULL"));
  AVOCET_RETURN_IF_ERROR(update.Bind(1, event_time_us).Run());
  return db_->Changes() > 0;
}

Status ResetLog::ForgetDevice(const std::string& device) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement erase,
                          db_->Prepare("DELETE FROM series_reset WHERE device = ?1"));
  return erase.Bind(1, device).Run();
}

}  // namespace avocet
