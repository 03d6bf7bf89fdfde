#include "src/engine/stage_clock.h"

namespace avocet {

std::string_view StageName(Stage stage) {
  constexpr std::array<std::string_view, kNumStages> kNames = {
      "poll", "decode", "state", "collect", "snapshot", "files", "commit"};
  return kNames[static_cast<size_t>(stage)];
}

std::string_view CommitStageName(CommitStage stage) {
  constexpr std::array<std::string_view, kNumCommitStages> kNames = {"judged", "written", "bronze",
                                                                     "tables"};
  return kNames[static_cast<size_t>(stage)];
}

void StageClock::Pass(CommitStage stage, std::span<const Arrival> arrivals) {
  const std::chrono::nanoseconds now = env_->Monotonic();
  for (const Arrival& arrival : arrivals) {
    to_commit_[static_cast<size_t>(stage)].Add(now - arrival.at, arrival.records);
  }
}

}  // namespace avocet
