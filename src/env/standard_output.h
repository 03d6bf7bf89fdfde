// Standard output as a file for records.
#pragma once

#include <memory>

#include "src/env/env.h"

namespace avocet {

/// Append blocks until the reader has taken the bytes; kCancelled when the reader has gone (which
/// needs SIGPIPE to be ignored, see CatchTermination) or when a termination signal interrupts the
/// wait. Sync does nothing, Close leaves the descriptor open.
std::unique_ptr<WritableFile> OpenStandardOutput();

}  // namespace avocet
