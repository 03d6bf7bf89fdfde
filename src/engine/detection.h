// Detection: what the detectors of a configuration make of every reading of its sources, without a
// lake.
#pragma once

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/detection_run.h"
#include "src/env/env.h"

namespace avocet {

/// Reads `config.sources` until their end with the engine's own code, as a DetectionRun. Stops at
/// the first error of `on_reading`.
Result<DetectionReport> Detect(const Config& config, Env* env, OnScored on_reading);

}  // namespace avocet
