// The part of forget that looks after the journals of push sources.
#pragma once

#include <cstdint>

#include "src/config/config.h"
#include "src/engine/device_trace.h"
#include "src/env/env.h"

namespace avocet {

/// How many records of the device the journals hold: those that decode to it, and of the others
/// those that name it.
Result<uint64_t> CountInJournals(const Config& config, Env* env, const DeviceTrace& trace);

/// Takes them out. Numbers of records stay what they are: each leaves an empty record that its
/// source refuses as `forgotten`. Returns how many. REQUIRES: the lock of the lake.
Result<uint64_t> ForgetInJournals(const Config& config, Env* env, const DeviceTrace& trace);

}  // namespace avocet
