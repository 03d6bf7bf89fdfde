// How long to wait before something is tried again.
#pragma once

#include <chrono>

#include "src/env/env.h"

namespace avocet {

/// Bounds of a pause that doubles from one attempt to the next.
struct RetryPauses {
  std::chrono::nanoseconds first;
  std::chrono::nanoseconds longest;
};

/// Doubles `*pause`, which is zero after a success, within the bounds, and returns a time between
/// half of it and all of it: with chance in it those who were refused together do not stay in step.
std::chrono::nanoseconds NextRetryPause(const RetryPauses& bounds, Env* env,
                                        std::chrono::nanoseconds* pause);

}  // namespace avocet
