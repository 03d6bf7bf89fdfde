// RunProgram: another program, run to its end.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct ProgramLimits {
  size_t output_bytes = size_t{16} << 20;  ///< of both streams together
  std::chrono::milliseconds time{60'000};
  size_t address_space_bytes = 0;  ///< its memory, mapped files included; 0: no limit
  /// Asked some times a second: true ends the program. May be empty.
  std::function<bool()> is_unwanted;
};

struct ProgramOutput {
  int exit_code = 0;   ///< 128 and the number of a signal that ended it
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

/// Runs `path` with `arguments` after its name, no input, none of our open files, and less right to
/// the processor than we have. Blocks; any thread. kUnavailable when it cannot be started,
/// kCancelled when it goes beyond a limit of time or output or is not wanted; then it is killed.
Result<ProgramOutput> RunProgram(const std::string& path, const std::vector<std::string>& arguments,
                                 const ProgramLimits& limits);

}  // namespace avocet
