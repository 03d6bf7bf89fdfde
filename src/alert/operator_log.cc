#include "src/alert/operator_log.h"

#include <fmt/format.h>

#include <array>

#include "src/base/glob.h"
#include "src/base/time_format.h"
#include "src/config/device_labels.h"

namespace avocet {
namespace {

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS operator_entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action INTEGER NOT NULL,
  alert_id TEXT NOT NULL,
  text TEXT NOT NULL,
  seen BLOB NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS operator_entry_alert ON operator_entry (alert_id);
CREATE TABLE IF NOT EXISTS mute (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  created_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  rule TEXT NOT NULL,
  device TEXT NOT NULL,
  metric TEXT NOT NULL,
  reason TEXT NOT NULL,
  schedule TEXT NOT NULL DEFAULT '',
  labels TEXT NOT NULL DEFAULT '');
)sql";

// "NAME=PATTERN" in lines; neither part has a line end, and no name an equals sign.
std::string PackLabels(const Labels& labels) {
  std::string lines;
  for (const auto& [name, pattern] : labels) lines += name + "=" + pattern + "\n";
  return lines;
}

Labels UnpackLabels(std::string_view lines) {
  Labels labels;
  for (size_t end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
    const std::string_view line = lines.substr(0, end);
    const size_t equals = line.find('=');
    if (equals != line.npos) {
      labels.emplace(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
    }
    lines.remove_prefix(end + 1);
  }
  return labels;
}

}  // namespace

std::string_view OperatorActionName(OperatorAction action) {
  constexpr std::array<std::string_view, 4> kNames = {"acknowledged", "commented", "assigned",
                                                      "labelled"};
  return kNames[static_cast<size_t>(action)];
}

bool Mute::Fits(const AlertChange& change, const DevicesConfig& devices, int64_t now_us) const {
  return MatchesGlob(rule, change.rule) && MatchesGlob(metric, change.metric) &&
         HoldsFor(change.device, devices, now_us);
}

bool Mute::Hides(std::string_view of_device, const DevicesConfig& devices, int64_t now_us) const {
  return rule == "*" && metric == "*" && HoldsFor(of_device, devices, now_us);
}

bool Mute::HoldsFor(std::string_view of_device, const DevicesConfig& devices,
                    int64_t now_us) const {
  if (hours && !hours->Contains(now_us)) return false;
  return now_us >= created_us && now_us < until_us && MatchesGlob(device, of_device) &&
         (labels.empty() || FitLabels(labels, LabelsOf(devices, of_device)));
}

std::string Mute::Text() const {
  std::string text = fmt::format("mute {} by {}", id, actor);
  if (!schedule.empty()) text += ", " + schedule + ",";
  text += until_us == INT64_MAX ? " until it is ended" : " until " + FormatTimestamp(until_us);
  return text + (reason.empty() ? "" : ": " + reason);
}

Result<std::unique_ptr<OperatorLog>> OperatorLog::Open(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDb> db, SqliteDb::Open(path, kSchema));
  // Files of earlier layouts lack these columns.
  AVOCET_RETURN_IF_ERROR(db->AddColumn("operator_entry", "seen", "BLOB NOT NULL DEFAULT ''")
                             .WithContext("cannot prepare " + path));
  for (const char* column : {"schedule", "labels"}) {
    AVOCET_RETURN_IF_ERROR(db->AddColumn("mute", column, "TEXT NOT NULL DEFAULT ''")
                               .WithContext("cannot prepare " + path));
  }
  return std::unique_ptr<OperatorLog>(new OperatorLog(std::move(db)));
}

// The table of alerts knows up to which entry it has acknowledgements. Entries are numbered by the
// clock, so that those of a new file, or of an older copy, come after it all the same.
Status OperatorLog::Add(const OperatorEntry& entry, const AlertChange& seen) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      db_->Prepare("INSERT INTO operator_entry (id, at_us, actor, action, alert_id, text, seen) "
                   "SELECT max(?1, 1 + coalesce((SELECT seq FROM sqlite_sequence "
                   "WHERE name = 'operator_entry'), 0)), ?1, ?2, ?3, ?4, ?5, ?6"));
  insert.Bind(1, entry.at_us).Bind(2, entry.actor);
  insert.Bind(3, static_cast<int64_t>(entry.action)).Bind(4, entry.alert_id).Bind(5, entry.text);
  insert.BindBlob(
      6, entry.action == OperatorAction::kAcknowledge ? EncodeAlertChange(seen) : std::string());
  return insert.Run();
}

Result<std::vector<Acknowledgement>> OperatorLog::AcknowledgementsAfter(int64_t entry) {
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement select,
                          db_->Prepare("SELECT id, at_us, actor, seen FROM operator_entry "
                                       "WHERE id > ?1 AND length(seen) > 0 ORDER BY id"));
  select.Bind(1, entry);
  std::vector<Acknowledgement> found;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    AVOCET_ASSIGN_OR_RETURN(AlertChange seen, DecodeAlertChange(select.Text(3)));
    found.push_back({.entry = select.Int(0),
                     .at_us = select.Int(1),
                     .actor = select.Text(2),
                     .seen = std::move(seen)});
  }
}

Result<std::vector<OperatorEntry>> OperatorLog::Entries(const std::string& alert_id) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT at_us, actor, action, alert_id, text, id FROM operator_entry "
                   "WHERE ?1 = '' OR alert_id = ?1 ORDER BY id"));
  select.Bind(1, alert_id);
  return ReadEntries(std::move(select));
}

Result<std::vector<OperatorEntry>> OperatorLog::EntriesAfter(int64_t id) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT at_us, actor, action, alert_id, text, id FROM operator_entry "
                   "WHERE id > ?1 ORDER BY id"));
  select.Bind(1, id);
  return ReadEntries(std::move(select));
}

Result<std::vector<OperatorEntry>> OperatorLog::ReadEntries(SqliteStatement select) {
  std::vector<OperatorEntry> entries;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return entries;
    const int64_t action = select.Int(2);
    if (action < 0 || action > static_cast<int64_t>(OperatorAction::kLabel)) continue;
    entries.push_back({.at_us = select.Int(0),
                       .actor = select.Text(1),
                       .action = static_cast<OperatorAction>(action),
                       .alert_id = select.Text(3),
                       .text = select.Text(4),
                       .id = select.Int(5)});
  }
}

Result<int64_t> OperatorLog::AddMute(const Mute& mute) {
  if (!mute.schedule.empty()) {
    AVOCET_RETURN_IF_ERROR(WeeklySchedule::Parse(mute.schedule).status());
  }
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement insert,
                          db_->Prepare("INSERT INTO mute (created_us, until_us, actor, rule, "
                                       "device, metric, reason, schedule, labels) "
                                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  insert.Bind(1, mute.created_us).Bind(2, mute.until_us).Bind(3, mute.actor).Bind(4, mute.rule);
  insert.Bind(5, mute.device).Bind(6, mute.metric).Bind(7, mute.reason).Bind(8, mute.schedule);
  insert.Bind(9, PackLabels(mute.labels));
  AVOCET_RETURN_IF_ERROR(insert.Run());
  return db_->LastRowId();
}

Status OperatorLog::EndMute(int64_t id, int64_t now_us) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement update,
      db_->Prepare("UPDATE mute SET until_us = ?2 WHERE id = ?1 AND until_us > ?2"));
  AVOCET_RETURN_IF_ERROR(update.Bind(1, id).Bind(2, now_us).Run());
  if (db_->Changes() > 0) return Status::Ok();
  return Status::NotFound(fmt::format("there is no mute {} in force", id));
}

Result<std::vector<Mute>> OperatorLog::Mutes(int64_t after_us) {
  AVOCET_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT id, created_us, until_us, actor, rule, device, metric, reason, "
                   "schedule, labels "
                   "FROM mute WHERE until_us > ?1 ORDER BY id"));
  select.Bind(1, after_us);
  std::vector<Mute> mutes;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return mutes;
    Mute& mute = mutes.emplace_back();
    mute = {.id = select.Int(0),
            .created_us = select.Int(1),
            .until_us = select.Int(2),
            .actor = select.Text(3),
            .rule = select.Text(4),
            .device = select.Text(5),
            .metric = select.Text(6),
            .reason = select.Text(7),
            .schedule = select.Text(8),
            .labels = UnpackLabels(select.Text(9)),
            .hours = {}};
    if (mute.schedule.empty()) continue;
    AVOCET_ASSIGN_OR_RETURN(mute.hours, WeeklySchedule::Parse(mute.schedule));
  }
}

Status OperatorLog::Forget(const std::set<std::string>& alert_ids,
                           const std::function<bool(std::string_view text)>& is_named) {
  AVOCET_ASSIGN_OR_RETURN(const std::vector<OperatorEntry> entries, Entries(""));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Acknowledgement> seen,
                          AcknowledgementsAfter(INT64_MIN));
  std::set<int64_t> gone;
  for (const OperatorEntry& entry : entries) {
    if (alert_ids.contains(entry.alert_id) || is_named(entry.text)) gone.insert(entry.id);
  }
  // Of an alert whose reading was lost before its commit there is no id.
  for (const Acknowledgement& acknowledged : seen) {
    if (is_named(acknowledged.seen.device)) gone.insert(acknowledged.entry);
  }
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement erase_entry,
                          db_->Prepare("DELETE FROM operator_entry WHERE id = ?1"));
  for (const int64_t id : gone) AVOCET_RETURN_IF_ERROR(erase_entry.Bind(1, id).Run());
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Mute> mutes, Mutes(INT64_MIN));
  AVOCET_ASSIGN_OR_RETURN(SqliteStatement erase_mute,
                          db_->Prepare("DELETE FROM mute WHERE id = ?1"));
  for (const Mute& mute : mutes) {
    if (!is_named(mute.device) && !is_named(mute.reason) && !is_named(PackLabels(mute.labels))) {
      continue;
    }
    AVOCET_RETURN_IF_ERROR(erase_mute.Bind(1, mute.id).Run());
  }
  return Status::Ok();
}

}  // namespace avocet
