// StageClock: how long each stage of the engine has taken, and how long records waited for
// judgement.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "src/env/env.h"

namespace avocet {

enum class Stage : uint8_t { kPoll, kDecode, kState, kCollect, kSnapshot, kFiles, kCommit };
inline constexpr size_t kNumStages = 7;
std::string_view StageName(Stage stage);

/// Wall time per stage, added from any thread. The engine's own stages run one after the other; the
/// committer's (files, commit) run beside them.
class StageClock {
 public:
  /// Adds the time of its life to a stage.
  class Timer {
   public:
    Timer(StageClock* clock, Stage stage)
        : clock_(clock), stage_(stage), started_(clock->env_->Monotonic()) {}
    ~Timer() { clock_->Add(stage_, clock_->env_->Monotonic() - started_); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    StageClock* clock_;
    Stage stage_;
    std::chrono::nanoseconds started_;
  };

  explicit StageClock(Env* env) : env_(env) {}

  void Add(Stage stage, std::chrono::nanoseconds time) {
    nanos_[static_cast<size_t>(stage)].fetch_add(static_cast<uint64_t>(time.count()),
                                                 std::memory_order_relaxed);
  }
  double Seconds(Stage stage) const {
    return static_cast<double>(nanos_[static_cast<size_t>(stage)].load()) * 1e-9;
  }

 private:
  Env* env_;
  std::array<std::atomic<uint64_t>, kNumStages> nanos_{};
};

/// Counts durations in buckets that grow by a quarter power of two, so that quantiles are exact to
/// 19 %. Written by one thread; read when that thread rests.
class LatencyHistogram {
 public:
  void Add(std::chrono::nanoseconds latency, uint64_t weight);
  /// Upper end of the bucket that holds the quantile `q` in 0..1; zero without values.
  std::chrono::nanoseconds Quantile(double q) const;
  uint64_t count() const { return count_; }

 private:
  static constexpr size_t kBucketsPerOctave = 4;
  std::array<uint64_t, 64 * kBucketsPerOctave> buckets_{};
  uint64_t count_ = 0;
};

}  // namespace avocet
