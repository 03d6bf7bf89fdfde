#include "src/alert/gate_log.h"

#include <fmt/format.h>

#include <utility>

namespace avocet {
namespace {

// `min_score` is a text because a text keeps all digits; NULL times wait for an engine.
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS gate (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device TEXT NOT NULL,
  metric TEXT NOT NULL,
  min_score TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  reverted INTEGER NOT NULL DEFAULT 0,
  from_us INTEGER,
  until_us INTEGER);
)sql";

Result<double> ScoreOf(const std::string& text) {
  char* end = nullptr;
  const double score = std::strtod(text.c_str(), &end);
  if (!text.empty() && *end == '\0') return score;
  return Status::Corrupt("the gate of an alert has the score " + text);
}

}  // namespace

Result<std::unique_ptr<GateLog>> GateLog::Open(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDb> db, SqliteDb::Open(path, kSchema));
  return std::unique_ptr<GateLog>(new GateLog(std::move(db)));
}

Result<int64_t> GateLog::Add(const AlertGate& gate) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      db_->Prepare("INSERT INTO gate (device, metric, min_score, created_us, actor, alert_id) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  insert.Bind(1, gate.device).Bind(2, gate.metric).Bind(3, fmt::format("{}", gate.min_score));
  insert.Bind(4, gate.created_us).Bind(5, gate.actor).Bind(6, gate.alert_id);
  AVOCET_RETURN_IF_ERROR(insert.Run());
  return db_->LastRowId();
}

Status GateLog::Revert(int64_t id) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement update,
      db_->Prepare("UPDATE gate SET reverted = 1 WHERE id = ?1 AND reverted = 0"));
  AVOCET_RETURN_IF_ERROR(update.Bind(1, id).Run());
  if (db_->Changes() > 0) return Status::Ok();
  return Status::NotFound(fmt::format("there is no gate {} in force", id));
}

Result<std::vector<AlertGate>> GateLog::All() {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT id, device, metric, min_score, created_us, actor, alert_id, reverted, "
                   "from_us IS NOT NULL, from_us, until_us IS NOT NULL, until_us "
                   "FROM gate ORDER BY id"));
  std::vector<AlertGate> gates;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return gates;
    AlertGate gate{.id = select.Int(0),
                   .device = select.Text(1),
                   .metric = select.Text(2),
                   .created_us = select.Int(4),
                   .actor = select.Text(5),
                   .alert_id = select.Text(6),
                   .is_reverted = select.Int(7) != 0};
    AVOCET_ASSIGN_OR_RETURN(gate.min_score, ScoreOf(select.Text(3)));
    if (select.Int(8) != 0) gate.from_us = select.Int(9);
    if (select.Int(10) != 0) gate.until_us = select.Int(11);
    gates.push_back(std::move(gate));
  }
}

Result<bool> GateLog::TakeOver(int64_t event_time_us) {
  // Asked every second, and nearly always for nothing: a look takes no lock that the outbox wants.
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement waiting,
                          db_->Prepare("SELECT EXISTS (SELECT 1 FROM gate WHERE from_us IS NULL "
                                       "OR (reverted = 1 AND until_us IS NULL))"));
  AVOCET_ASSIGN_OR_RETURN(const bool row, waiting.Step());
  if (!row || waiting.Int(0) == 0) return false;
  waiting.Reset();  // whoever still reads is not let wait for whoever writes
  int64_t changed = 0;
  for (const char* sql :
       {"UPDATE gate SET from_us = ?1 WHERE from_us IS NULL",
        "UPDATE gate SET until_us = ?1 WHERE reverted = 1 AND until_us IS NULL"}) {
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement update, db_->Prepare(sql));
    AVOCET_RETURN_IF_ERROR(update.Bind(1, event_time_us).Run());
    changed += db_->Changes();
  }
  return changed > 0;
}

Status GateLog::ForgetDevice(const std::string& device) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement erase,
                          db_->Prepare("DELETE FROM gate WHERE device = ?1"));
  return erase.Bind(1, device).Run();
}

}  // namespace avocet
