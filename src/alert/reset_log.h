// ResetLog: the series that people have asked detectors to speak of again, as rows of the outbox's
// file; layout in docs/formats/alert-outbox.md. Nothing ever removes them but `forget`, so that a
// rebuild of the tables resets where the run did.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/alert/sqlite_db.h"
#include "src/state/series_resets.h"

namespace avocet {

/// One thread at a time; several processes.
class ResetLog {
 public:
  static Result<std::unique_ptr<ResetLog>> Open(const std::string& path);

  /// It comes when an engine takes it over. Returns its id.
  Result<int64_t> Add(const SeriesReset& reset);

  Result<std::vector<SeriesReset>> All();

  /// Lets what waits for an engine come at `event_time_us`. True when something did.
  Result<bool> TakeOver(int64_t event_time_us);

  Status ForgetDevice(const std::string& device);

 private:
  explicit ResetLog(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}
  std::unique_ptr<SqliteDb> db_;
};

}  // namespace avocet
