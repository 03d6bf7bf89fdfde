// The part of a configuration that shapes state: snapshots made under another one are not used.
#pragma once

#include <cstdint>
#include <string>

#include "src/config/config.h"

namespace avocet {

/// `fleet_time_us`: the newest event time in that state. Maintenance that begins later has not
/// shaped it, so it can be added without harm.
std::string StateFingerprint(const Config& config, int64_t fleet_time_us);

}  // namespace avocet
