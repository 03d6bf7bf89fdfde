// A file, or standard output, as a sink.
#pragma once

#include <memory>
#include <string>

#include "src/sink/sink.h"

namespace avocet {

/// "-" is standard output; a file is replaced. kCancelled when standard output has no reader any
/// more.
Result<std::unique_ptr<Sink>> MakeFileSink(const std::string& path);

}  // namespace avocet
