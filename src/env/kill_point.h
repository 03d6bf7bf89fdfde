// Kill points: named places at which a test can make the process die as if the power went.
#pragma once

#include <string_view>

namespace avocet {

/// Kills the process with SIGKILL when the environment variable AVOCET_KILL_POINT is "<name>" or
/// "<name>:<n>" and this is the n-th time (from 1) that the point is reached. Costs one compare
/// when the variable is not set. Safe from any thread.
void KillPoint(std::string_view name);

}  // namespace avocet
