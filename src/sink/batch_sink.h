// BatchSink: collects records and has them carried in batches, by a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/env/env.h"
#include "src/sink/patience.h"
#include "src/sink/sink.h"

namespace avocet {

struct RecordBatch {
  uint64_t number = 0;               ///< counts the batches of the sink, from 0
  std::vector<std::string> records;  ///< lines with their ends
  size_t bytes = 0;
};

/// Brings batches to the other side. Called by one thread.
class BatchCarrier {
 public:
  struct Outcome {
    uint64_t acknowledged = 0;
    uint64_t rejected = 0;
    std::string rejection;
    Status status;                      ///< kUnavailable: what is left is to be carried again
    std::chrono::nanoseconds pause{0};  ///< what the other side asks for before that
  };

  virtual ~BatchCarrier() = default;
  /// Tries once. Takes out of the batch what needs no other try.
  virtual Outcome Carry(RecordBatch* batch) = 0;
};

struct BatchLimits {
  size_t records = 500;
  size_t bytes = size_t{1} << 20;
  std::chrono::nanoseconds hold{0};  ///< Flush leaves a batch that is younger
  std::chrono::nanoseconds patience{std::chrono::minutes(1)};
};

/// Batches are carried one after the other, so records keep their order; what was not taken is
/// tried again after pauses that grow.
class BatchSink : public Sink {
 public:
  /// Borrows `env`.
  BatchSink(std::unique_ptr<BatchCarrier> carrier, const BatchLimits& limits, Env* env);
  ~BatchSink() override;

  Status Send(std::string_view line) override;
  Status Flush() override;
  Status Close() override;
  SinkCounts counts() const override;

 private:
  Status Enqueue();
  void CarryAll();
  Status CarryBatch(RecordBatch batch);

  const std::unique_ptr<BatchCarrier> carrier_;
  const BatchLimits limits_;
  Env* const env_;
  RecordBatch collected_;  // of the caller
  std::chrono::nanoseconds collected_since_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RecordBatch> queue_;  // guarded by mutex_, as are the rest
  bool closing_ = false;
  bool idle_ = true;
  SinkCounts counts_;
  Status status_;
  std::thread thread_;
};

}  // namespace avocet
