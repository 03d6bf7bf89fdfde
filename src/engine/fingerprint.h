// The part of a configuration that shapes state: snapshots made under another one are not used.
#pragma once

#include <string>

#include "src/config/config.h"

namespace avocet {

std::string StateFingerprint(const Config& config);

}  // namespace avocet
