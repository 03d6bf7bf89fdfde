// One JSON object per log line: ts, level, msg.
#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace avocet {

std::unique_ptr<spdlog::formatter> MakeJsonLogFormatter();

}  // namespace avocet
