#include "src/engine/detection.h"

#include <utility>
#include <vector>

#include "src/engine/builtin_components.h"

namespace avocet {
namespace {

constexpr PollLimits kTickLimits{.max_records = kDetectionTickRecords,
                                 .max_bytes = size_t{4} << 20,
                                 .wait = std::chrono::milliseconds(50)};

Status Drain(Source* source, DetectionRun* run) {
  AVOCET_RETURN_IF_ERROR(source->Open({}));
  PollState state = PollState::kMore;
  while (state != PollState::kEnd) {
    std::vector<RawBatch> batches;
    AVOCET_ASSIGN_OR_RETURN(state, source->Poll(kTickLimits, &batches));
    if (!batches.empty()) AVOCET_RETURN_IF_ERROR(run->Process(batches));
  }
  return Status::Ok();
}

}  // namespace

Result<DetectionReport> Detect(const Config& config, Env* env, OnScored on_reading) {
  DetectionRun run(config, env, std::move(on_reading));
  for (const SourceConfig& source : config.sources) {
    const auto made = MakeSource(source, {.config = &config, .once = true, .env = env});
    AVOCET_RETURN_IF_ERROR(Drain(made.get(), &run));
  }
  return run.Report();
}

}  // namespace avocet
