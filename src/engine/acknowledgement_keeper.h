// AcknowledgementKeeper: brings what people acknowledge from the log of operators into the table of
// alerts, each once.
//
// A commit carries the newest entry that it has as a Delta transaction of its own, so whatever a
// crash leaves undone, the next look does from there. Epochs know nothing of these rows, and a
// rebuild takes them over.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "src/alert/operator_log.h"
#include "src/config/config.h"
#include "src/engine/lake_tables.h"
#include "src/env/env.h"

namespace avocet {

/// The application id of its transactions.
inline constexpr std::string_view kPeopleAppId = "avocet/people";

/// For whoever owns the lake. A thread looks once a second; a problem is told in the log, and the
/// next look tries again.
class AcknowledgementKeeper {
 public:
  /// All are borrowed.
  AcknowledgementKeeper(const Config& config, Env* env, LakeTables* tables);
  /// Looks once more.
  ~AcknowledgementKeeper();

 private:
  void Loop();
  void Look();
  Status Write();

  const std::string path_;
  Env* const env_;
  LakeTables* const tables_;
  // While the thread runs, its own.
  std::unique_ptr<OperatorLog> log_;  // null: there is no file yet
  std::optional<int64_t> written_;    // the newest entry in the table; empty: ask it
  std::string problem_;               // last told

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
