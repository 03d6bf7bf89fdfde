// Source: where readings come from. One implementation per kind, listed in
// src/engine/builtin_components.cc.
//
// A source is driven by one thread (the engine's). It never blocks longer than the given wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/model/positions.h"
#include "src/model/raw_batch.h"

namespace avocet {

enum class PollState {
  kMore,  ///< more is ready right now
  kIdle,  ///< nothing more at the moment; a live source may deliver later
  kEnd,   ///< the input is finite and has been read completely
};

struct PollLimits {
  size_t max_records = 4096;
  size_t max_bytes = size_t{4} << 20;
  std::chrono::milliseconds wait{0};  ///< how long to wait for the first record
};

/// What a source tells about itself for progress, metrics and logs.
struct SourceHealth {
  bool ready = true;
  std::string problem;       ///< empty, or one sentence
  uint64_t lag_bytes = 0;    ///< known bytes not read yet
  uint64_t lag_records = 0;  ///< known records not read yet (brokers, journals)
  int64_t lag_ms = 0;        ///< age of the next record to read, as the broker says
  int64_t leases = -1;       ///< shards of a shared stream that are read here; -1: it is not shared
  // Of a source with a journal.
  uint64_t journal_bytes = 0;                     ///< on disk
  uint64_t journal_max_bytes = 0;                 ///< that it may take there; 0: no journal
  uint64_t journal_segments = 0;                  ///< files
  int64_t journal_oldest_us = 0;                  ///< when the oldest was begun; 0: there is none
  uint64_t journal_syncs = 0;                     ///< since the start
  std::chrono::nanoseconds journal_sync_time{0};  ///< spent in them
};

class Source {
 public:
  virtual ~Source() = default;

  /// Called once before Poll with everything committed for this source (possibly nothing).
  virtual Status Open(const Positions& committed) = 0;

  /// Appends batches, each of one partition, to `*out` and returns whether more is ready. An error
  /// is kUnavailable (the engine retries with backoff) or final. What was appended before an error
  /// counts as delivered.
  virtual Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) = 0;

  /// Positions after everything Poll has delivered so far that changed since the last call.
  virtual void TakeChangedPositions(Positions* out) = 0;

  /// All positions after everything Poll has delivered so far.
  virtual void AllPositions(Positions* out) const = 0;

  /// The positions are durable in bronze (a courtesy for brokers, journals, trimming).
  virtual void Committed(const Positions& positions) { static_cast<void>(positions); }

  /// Somebody waits until what Poll has delivered is in bronze: commit soon. Told once.
  virtual bool TakeCommitRequest() { return false; }

  virtual SourceHealth Health() const { return {}; }
};

}  // namespace avocet
