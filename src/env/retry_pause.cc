#include "src/env/retry_pause.h"

#include <algorithm>
#include <cstdint>

namespace avocet {

std::chrono::nanoseconds NextRetryPause(const RetryPauses& bounds, Env* env,
                                        std::chrono::nanoseconds* pause) {
  *pause = std::clamp(*pause * 2, bounds.first, bounds.longest);
  const auto half = static_cast<uint64_t>(pause->count()) / 2;
  return std::chrono::nanoseconds(static_cast<int64_t>(half + env->Random64() % half));
}

}  // namespace avocet
