// StageClock: how long each stage of the engine takes, and how long after its arrival a record has
// passed which of them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "src/alert/message_latency.h"
#include "src/base/latency_histogram.h"
#include "src/env/env.h"

namespace avocet {

enum class Stage : uint8_t { kPoll, kDecode, kState, kCollect, kSnapshot, kFiles, kCommit };
inline constexpr size_t kNumStages = 7;
std::string_view StageName(Stage stage);

/// What a record passes on its way to the tables, in this order.
enum class CommitStage : uint8_t {
  kJudged,   ///< its anomalies are known
  kWritten,  ///< it is in files that no table has yet
  kBronze,   ///< bronze has it: it is safe whatever happens
  kTables,   ///< all tables have it
};
inline constexpr size_t kNumCommitStages = 4;
std::string_view CommitStageName(CommitStage stage);

/// Records that were taken from their sources together.
struct Arrival {
  std::chrono::nanoseconds at{0};  ///< monotonic; the latest that they can have come unseen
  uint64_t records = 0;
};

/// Added to from any thread. The engine's own stages run one after the other; the committer's
/// (files, commit) run beside them.
class StageClock {
 public:
  /// Adds the time of its life to a stage.
  class Timer {
   public:
    Timer(StageClock* clock, Stage stage)
        : clock_(clock), stage_(stage), started_(clock->env_->Monotonic()) {}
    ~Timer() {
      clock_->stages_[static_cast<size_t>(stage_)].Add(clock_->env_->Monotonic() - started_);
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    StageClock* clock_;
    Stage stage_;
    std::chrono::nanoseconds started_;
  };

  explicit StageClock(Env* env) : env_(env) {}

  /// These records have passed `stage` now.
  void Pass(CommitStage stage, std::span<const Arrival> arrivals);

  /// Of ticks, and of commits.
  const LatencyHistogram& at(Stage stage) const { return stages_[static_cast<size_t>(stage)]; }
  /// Of records, from their arrival on.
  const LatencyHistogram& at(CommitStage stage) const {
    return to_commit_[static_cast<size_t>(stage)];
  }
  /// Of messages about alerts; whoever sends them adds to it.
  MessageLatency& to_alert() { return to_alert_; }
  const MessageLatency& to_alert() const { return to_alert_; }

 private:
  Env* env_;
  std::array<LatencyHistogram, kNumStages> stages_;
  std::array<LatencyHistogram, kNumCommitStages> to_commit_;
  MessageLatency to_alert_;
};

}  // namespace avocet
