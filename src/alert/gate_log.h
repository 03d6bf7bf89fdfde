// GateLog: the gates that people have moved, as rows of the outbox's file; layout in
// docs/formats/alert-outbox.md. Nothing ever removes them but `forget`, so that a rebuild of the
// tables applies each where it held.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/alert/alert_gates.h"
#include "src/alert/sqlite_db.h"

namespace avocet {

/// One thread at a time; several processes.
class GateLog {
 public:
  static Result<std::unique_ptr<GateLog>> Open(const std::string& path);

  /// It holds from when an engine takes it over. Returns its id.
  Result<int64_t> Add(const AlertGate& gate);
  /// Takes a gate back: it holds until an engine takes that over. kNotFound when there is none of
  /// that id that holds or is to hold.
  Status Revert(int64_t id);

  /// All of them, those that hold no more, too.
  Result<std::vector<AlertGate>> All();

  /// Lets what waits for an engine begin or end at `event_time_us`. True when something did.
  Result<bool> TakeOver(int64_t event_time_us);

  Status ForgetDevice(const std::string& device);

 private:
  explicit GateLog(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}
  std::unique_ptr<SqliteDb> db_;
};

}  // namespace avocet
