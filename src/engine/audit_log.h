// AuditLog: who did what, append-only and chained by hashes; layout: docs/formats/audit-log.md.
//
// What an entry says can be redacted, when a device is forgotten, without breaking the chain: it
// runs over the hashes of entries, and a redacted one keeps its hash.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/alert/sqlite_db.h"
#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

/// What somebody did.
struct AuditRecord {
  std::string actor;
  std::string remote;  ///< from where; empty: on this machine
  std::string action;
  std::vector<std::pair<std::string, std::string>> details;
};

struct AuditEntry {
  int64_t number = 0;  ///< from 1, without a gap
  std::string at;
  std::string body;  ///< a JSON object; empty: redacted
  std::string hash;  ///< of this entry and, through the one before, of all before it
};

struct AuditReport {
  int64_t entries = 0;
  int64_t redacted = 0;
  std::string head;                   ///< the hash of the newest entry; empty: there is none
  std::vector<std::string> problems;  ///< one sentence each
};

/// Where the log of a lake is.
std::string AuditPath(const Config& config);

class AuditLog {
 public:
  /// Opens or creates the file. `env` is borrowed.
  static Result<std::unique_ptr<AuditLog>> Open(const std::string& path, Env* env);

  /// Any thread. Durable when it returns.
  Status Add(const AuditRecord& record);
  /// Any thread. As Add, and a line of the log beside; an error is a line of the log as well.
  void Note(const AuditRecord& record);

  /// Oldest first.
  Result<std::vector<AuditEntry>> Entries();
  /// Recomputes the chain. `kept`: number and hash of an entry that somebody has kept elsewhere,
  /// which shows whether newer entries than it were cut off and the rest written anew.
  Result<AuditReport> Verify(const std::optional<std::pair<int64_t, std::string>>& kept = {});

  /// Adds `record` with the numbers of all entries whose text is chosen, and erases what these say
  /// down to the bytes of the file. Returns how many.
  Result<int64_t> Redact(AuditRecord record,
                         const std::function<bool(std::string_view body)>& is_chosen);

 private:
  AuditLog(std::unique_ptr<SqliteDb> db, Env* env) : db_(std::move(db)), env_(env) {}
  Status AddLocked(const AuditRecord& record);

  std::mutex mutex_;
  std::unique_ptr<SqliteDb> db_;  // guarded by mutex_
  Env* const env_;
};

/// For programs that do one thing: opens the log of the lake and adds to it. An error is a line of
/// the log.
void NoteAudit(const Config& config, Env* env, const AuditRecord& record);

}  // namespace avocet
