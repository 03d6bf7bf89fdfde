// OperatorLog: what people do with alerts. In the outbox's file; layout in
// docs/formats/alert-outbox.md. Never part of the tables' recomputation, so nothing ever removes it
// but `forget`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/alert/acknowledgement.h"
#include "src/alert/alert_change.h"
#include "src/alert/sqlite_db.h"
#include "src/config/weekly_schedule.h"

namespace avocet {

enum class OperatorAction : uint8_t { kAcknowledge, kComment, kAssign, kLabel };
std::string_view OperatorActionName(OperatorAction action);

/// One thing that somebody did to an alert.
struct OperatorEntry {
  int64_t at_us = 0;
  std::string actor;
  OperatorAction action = OperatorAction::kComment;
  std::string alert_id;
  std::string text;  ///< the comment, the assignee, the label; may be empty for acknowledge
  int64_t id = 0;    ///< grows, also over a log that was lost; given by the log
};

/// The labels.
inline constexpr std::string_view kTruePositive = "true-positive";
inline constexpr std::string_view kFalsePositive = "false-positive";

/// Alerts that fit are recorded, but nobody is told of them. Patterns have * and ?.
struct Mute {
  int64_t id = 0;
  int64_t created_us = 0;
  int64_t until_us = 0;
  std::string actor;
  std::string rule = "*";
  std::string device = "*";  ///< "*" also fits the fleet
  std::string metric = "*";
  std::string reason;
  std::string schedule;  ///< as WeeklySchedule has it; empty: all the time
  Labels labels;         ///< patterns of labels, all of which must fit

  /// REQUIRES: hours, when there is a schedule.
  /// `devices` has the labels.
  bool Fits(const AlertChange& change, const DevicesConfig& devices, int64_t now_us) const;
  /// Whether nobody is told of any alert of the device now. REQUIRES: as above.
  bool Hides(std::string_view of_device, const DevicesConfig& devices, int64_t now_us) const;
  /// Why an alert is not sent, for the outbox.
  std::string Text() const;

  std::optional<WeeklySchedule> hours;  ///< `schedule`, read

 private:
  bool HoldsFor(std::string_view of_device, const DevicesConfig& devices, int64_t now_us) const;
};

/// One thread at a time; several processes.
class OperatorLog {
 public:
  static Result<std::unique_ptr<OperatorLog>> Open(const std::string& path);

  /// `seen`: the newest change of the alert that is known.
  Status Add(const OperatorEntry& entry, const AlertChange& seen);
  /// Oldest first; of all alerts when `alert_id` is empty.
  Result<std::vector<OperatorEntry>> Entries(const std::string& alert_id);

  /// Of all alerts, those with a greater id, in its order.
  Result<std::vector<OperatorEntry>> EntriesAfter(int64_t id);

  /// Those with a greater entry, in its order; none of entries that an earlier avocet has made.
  Result<std::vector<Acknowledgement>> AcknowledgementsAfter(int64_t entry);

  /// kInvalid when its schedule makes no sense.
  Result<int64_t> AddMute(const Mute& mute);
  /// kNotFound when there is none of that number.
  Status EndMute(int64_t id, int64_t now_us);
  /// Those that end after `after_us`.
  Result<std::vector<Mute>> Mutes(int64_t after_us);

  /// Erases what was done to these alerts, and every entry and mute that names what is forgotten.
  Status Forget(const std::set<std::string>& alert_ids,
                const std::function<bool(std::string_view text)>& is_named);

 private:
  explicit OperatorLog(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}
  static Result<std::vector<OperatorEntry>> ReadEntries(SqliteStatement select);
  std::unique_ptr<SqliteDb> db_;
};

}  // namespace avocet
