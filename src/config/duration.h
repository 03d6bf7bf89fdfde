// Duration: how the configuration measures time.
#pragma once

#include <chrono>

namespace avocet {

using Duration = std::chrono::microseconds;

}  // namespace avocet
