// The part of fsck that looks at the journals of push sources.
#pragma once

#include <string>

#include "src/engine/fsck.h"
#include "src/env/env.h"

namespace avocet {

/// Checks every journal below `directory`, one folder for each source, and its idempotency keys.
void CheckJournals(Env* env, const std::string& directory, FsckReport* report);

}  // namespace avocet
