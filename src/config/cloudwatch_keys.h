// The section `cloudwatch` of the configuration.
#pragma once

#include "src/config/key_spec.h"

namespace avocet {

/// Its struct is Config.
KeySpec CloudWatchSection();

}  // namespace avocet
