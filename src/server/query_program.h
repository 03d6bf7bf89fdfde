// The program avocet-query, which runs SQL over the tables.
#pragma once

#include <string>

#include "src/base/status.h"

namespace avocet {

/// $AVOCET_QUERY, beside this executable, then on $PATH. kUnavailable says what to do.
Result<std::string> FindQueryProgram();

}  // namespace avocet
