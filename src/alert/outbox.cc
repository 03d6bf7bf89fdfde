#include "src/alert/outbox.h"

#include <string_view>
#include <utility>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kVersion = 1;

constexpr const char* kSchema = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS outbox (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  change INTEGER NOT NULL,
  device TEXT NOT NULL,
  payload BLOB NOT NULL,
  stored_us INTEGER NOT NULL,
  fate INTEGER NOT NULL DEFAULT 0,
  settled_us INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  arrived_us INTEGER NOT NULL DEFAULT 0,
  UNIQUE (channel, alert_id, change));
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (channel, sequence) WHERE fate = 0;
CREATE TABLE IF NOT EXISTS sent_message (
  channel TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  sent_us INTEGER NOT NULL,
  PRIMARY KEY (channel, alert_id)) WITHOUT ROWID;
PRAGMA user_version = 1;
COMMIT;
)sql";

Result<int64_t> VersionOf(SqliteDb* db) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement statement, db->Prepare("PRAGMA user_version"));
  AVOCET_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int(0) : 0;
}

}  // namespace

Result<std::unique_ptr<Outbox>> Outbox::Open(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDb> db, SqliteDb::Open(path));
  AVOCET_ASSIGN_OR_RETURN(const int64_t version, VersionOf(db.get()));
  if (version > kVersion) {
    return Status::Unsupported("cannot use " + path + ": a newer avocet has written it");
  }
  if (version < kVersion) {
    AVOCET_RETURN_IF_ERROR(db->Execute(kSchema).WithContext("cannot prepare " + path));
  }
  // Files of earlier layouts do not have it.
  AVOCET_RETURN_IF_ERROR(db->AddColumn("outbox", "arrived_us", "INTEGER NOT NULL DEFAULT 0")
                             .WithContext("cannot prepare " + path));
  return std::unique_ptr<Outbox>(new Outbox(std::move(db)));
}

Status Outbox::Store(std::span<const OutboxOrder> orders, int64_t now_us) {
  if (orders.empty()) return Status::Ok();
  const std::lock_guard lock(mutex_);
  return db_->InTransaction([&]() -> Status {
    AVOCET_ASSIGN_OR_RETURN(
        SqliteStatement insert,
        db_->Prepare("INSERT OR IGNORE INTO outbox "
                     "(channel, alert_id, change, payload, stored_us, fate, settled_us, note, "
                     "device, arrived_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
    for (const OutboxOrder& order : orders) {
      const bool silenced = !order.silence.empty();
      insert.Bind(1, order.channel).Bind(2, order.change->id).Bind(3, order.change->number);
      insert.BindBlob(4, EncodeAlertChange(*order.change)).Bind(5, now_us);
      insert.Bind(6, int64_t{silenced ? static_cast<uint8_t>(OutboxFate::kSilenced) : uint8_t{0}});
      insert.Bind(7, silenced ? now_us : int64_t{0}).Bind(8, order.silence);
      insert.Bind(9, order.change->device).Bind(10, order.arrived_us);
      AVOCET_RETURN_IF_ERROR(insert.Run());
    }
    return Status::Ok();
  });
}

Result<std::vector<OutboxEntry>> Outbox::Waiting(
    const std::string& channel, size_t limit,
    const std::function<bool(const std::string& device)>& is_held) {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare(
          "SELECT sequence, payload, stored_us, arrived_us, device FROM outbox WHERE channel = ?1 "
          "AND fate = 0 ORDER BY sequence"));
  select.Bind(1, channel);
  std::vector<OutboxEntry> entries;
  while (entries.size() < limit) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) break;
    if (is_held(select.Text(4))) continue;
    AVOCET_ASSIGN_OR_RETURN(AlertChange change, DecodeAlertChange(select.Text(1)));
    entries.push_back({select.Int(0), std::move(change), select.Int(2), select.Int(3)});
  }
  return entries;
}

Status Outbox::Settle(const std::string& channel, std::span<const OutboxEntry> entries,
                      OutboxFate fate, const std::string& note, const std::string& reference,
                      int64_t now_us) {
  const std::lock_guard lock(mutex_);
  return db_->InTransaction([&]() -> Status {
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement update,
                            db_->Prepare("UPDATE outbox SET fate = ?1, settled_us = ?2, note = ?3 "
                                         "WHERE sequence = ?4"));
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement refer,
                            db_->Prepare("INSERT OR REPLACE INTO sent_message "
                                         "(channel, alert_id, reference, sent_us) "
                                         "VALUES (?1, ?2, ?3, ?4)"));
    for (const OutboxEntry& entry : entries) {
      update.Bind(1, static_cast<int64_t>(fate)).Bind(2, now_us).Bind(3, note);
      update.Bind(4, entry.sequence);
      AVOCET_RETURN_IF_ERROR(update.Run());
      if (reference.empty()) continue;
      refer.Bind(1, channel).Bind(2, entry.change.id).Bind(3, reference).Bind(4, now_us);
      AVOCET_RETURN_IF_ERROR(refer.Run());
    }
    return Status::Ok();
  });
}

Result<std::string> Outbox::ReferenceOf(const std::string& channel, const std::string& alert_id) {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT reference FROM sent_message WHERE channel = ?1 AND alert_id = ?2"));
  select.Bind(1, channel).Bind(2, alert_id);
  AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
  return row ? select.Text(0) : std::string();
}

Result<std::map<std::string, int64_t>> Outbox::CountTold(const std::string& channel,
                                                         int64_t from_us, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  // What goes out in one message is settled at one moment.
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT device, count(DISTINCT settled_us) FROM outbox WHERE channel = ?1 AND "
                   "fate IN (1, 2) AND settled_us BETWEEN ?2 AND ?3 GROUP BY device"));
  select.Bind(1, channel).Bind(2, from_us).Bind(3, now_us);
  std::map<std::string, int64_t> told;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return told;
    told[select.Text(0)] = select.Int(1);
  }
}

Result<std::vector<AlertChange>> Outbox::OpenAlerts(std::string_view rule) {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement select,
                          db_->Prepare("SELECT payload FROM outbox WHERE device = '' "
                                       "ORDER BY alert_id, change"));
  std::vector<AlertChange> newest;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) break;
    AVOCET_ASSIGN_OR_RETURN(AlertChange change, DecodeAlertChange(select.Text(0)));
    if (change.rule != rule) continue;
    if (newest.empty() || newest.back().id != change.id) newest.emplace_back();
    newest.back() = std::move(change);
  }
  std::erase_if(newest,
                [](const AlertChange& change) { return change.state == AlertState::kCleared; });
  return newest;
}

Result<std::vector<OutboxStanding>> Outbox::Standings() {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT channel, sum(fate = 0), sum(fate IN (1, 2)), sum(fate = 3), "
                   "sum(fate = 4) FROM outbox GROUP BY channel ORDER BY channel"));
  std::vector<OutboxStanding> standings;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return standings;
    standings.push_back({.channel = select.Text(0),
                         .waiting = select.Int(1),
                         .delivered = select.Int(2),
                         .failed = select.Int(3),
                         .silenced = select.Int(4)});
  }
}

Result<std::map<std::string, int64_t>> Outbox::CountWaiting() {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT channel, count(*) FROM outbox WHERE fate = 0 GROUP BY channel"));
  std::map<std::string, int64_t> waiting;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return waiting;
    waiting[select.Text(0)] = select.Int(1);
  }
}

Status Outbox::ForgetDevice(const std::string& device,
                            const std::function<bool(std::string_view text)>& is_named) {
  const std::lock_guard lock(mutex_);
  const Status deleted = db_->InTransaction([&]() -> Status {
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement messages,
                            db_->Prepare("DELETE FROM sent_message WHERE alert_id IN "
                                         "(SELECT alert_id FROM outbox WHERE device = ?1)"));
    AVOCET_RETURN_IF_ERROR(messages.Bind(1, device).Run());
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement entries,
                            db_->Prepare("DELETE FROM outbox WHERE device = ?1"));
    AVOCET_RETURN_IF_ERROR(entries.Bind(1, device).Run());
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement others,
                            db_->Prepare("SELECT sequence, payload, note FROM outbox"));
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement erase,
                            db_->Prepare("DELETE FROM outbox WHERE sequence = ?1"));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const bool row, others.Step());
      if (!row) return Status::Ok();
      AVOCET_ASSIGN_OR_RETURN(const AlertChange change, DecodeAlertChange(others.Text(1)));
      if (!is_named(change.reason) && !is_named(change.label) &&
          !is_named(change.strongest.reason) && !is_named(others.Text(2))) {
        continue;
      }
      AVOCET_RETURN_IF_ERROR(erase.Bind(1, others.Int(0)).Run());
    }
  });
  if (!deleted.ok()) return deleted;
  return db_->EraseTheErased();
}

Status Outbox::Prune(int64_t before_us) {
  const std::lock_guard lock(mutex_);
  return db_->InTransaction([&]() -> Status {
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement entries,
                            db_->Prepare("DELETE FROM outbox WHERE fate <> 0 AND settled_us < ?1"));
    AVOCET_RETURN_IF_ERROR(entries.Bind(1, before_us).Run());
    AVOCET_ASSIGN_OR_RETURN(SqliteStatement messages,
                            db_->Prepare("DELETE FROM sent_message WHERE sent_us < ?1"));
    return messages.Bind(1, before_us).Run();
  });
}

}  // namespace avocet
