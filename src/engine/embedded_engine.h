// EmbeddedEngine: the engine without a lake and without sources: records in, rows of tables out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/epoch.h"
#include "src/engine/processor.h"
#include "src/engine/stage_clock.h"
#include "src/engine/table_layout.h"
#include "src/env/env.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// Used by one thread at a time.
class EmbeddedEngine {
 public:
  /// Takes over `config`, whose sources, lake and channels mean nothing here. `env` is borrowed.
  EmbeddedEngine(Config config, Env* env);
  EmbeddedEngine(const EmbeddedEngine&) = delete;
  EmbeddedEngine& operator=(const EmbeddedEngine&) = delete;

  /// One tick; see Processor::Process. After an error the engine must not be used any more.
  Status Process(const std::vector<RawBatch>& batches, int64_t now_us, bool replayed,
                 std::span<const int64_t> fleet_times_us = {});
  /// Of a part of a fleet: see Processor.
  Status AdvanceFleet(int64_t fleet_time_us, bool replayed) {
    return processor_.AdvanceFleet(fleet_time_us, replayed, rows_.get());
  }

  /// The stream ends: rows of open hours.
  void FlushHours() { processor_.FlushHours(rows_.get()); }

  /// What was found since the last ClearRows. Its batches may be lent on; who does so gets new ones
  /// by ClearRows.
  const Epoch& rows() const { return *rows_; }
  void ClearRows();

  /// State and counters, framed and checksummed as a snapshot file.
  std::string SaveState();
  /// kCorrupt for bytes that are no such state, kConflict when another configuration shaped it; the
  /// engine is then as it was. Observers see the shards of the new state.
  Status LoadState(std::string_view bytes);

  Processor& processor() { return processor_; }
  const Processor& processor() const { return processor_; }

 private:
  const Config config_;
  TableLayout layout_;
  StageClock clock_;
  Processor processor_;
  std::unique_ptr<Epoch> rows_;
};

}  // namespace avocet
