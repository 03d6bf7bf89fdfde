// A source named on the command line.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"

namespace avocet {

/// "-" is standard input, "simulate" the simulator, "http" an HTTP source, anything else a file,
/// glob or directory. The name is unique among `others`.
Result<SourceConfig> ParseSourceArgument(const std::string& text,
                                         const std::vector<SourceConfig>& others);

}  // namespace avocet
