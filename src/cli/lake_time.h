// Times on the command line, as the clock of a lake has them.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"
#include "src/config/config.h"

namespace avocet {

/// The newest event time of the lake, which is "now" there, so that a lake of the past has a last
/// week, too; the clock on the wall while it is empty.
Result<int64_t> NewestEventTime(const Config& config);

/// An instant in ISO 8601, "now" or "now-7d". kUsage names the option.
Result<int64_t> ReadInstant(const std::string& text, const char* option, int64_t now_us);

/// What --from and --to say, on the clock of the lake; leaves what is not said as it is. kUsage
/// when the span is empty.
Status ReadSpan(const std::string& from, const std::string& to, const Config& config,
                int64_t* from_us, int64_t* to_us);

}  // namespace avocet
