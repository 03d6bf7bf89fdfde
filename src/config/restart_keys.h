// What of a configuration a running avocet cannot change.
#pragma once

#include <string>
#include <vector>

#include "src/config/config.h"

namespace avocet {

/// The keys in which `wanted` differs from `running` and that need a restart; such as
/// "storage.data_dir".
std::vector<std::string> KeysThatNeedRestart(const Config& running, const Config& wanted);

}  // namespace avocet
