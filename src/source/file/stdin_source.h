// The `stdin` source: records from a pipe or a terminal.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/source.h"

namespace avocet {

/// Reads NDJSON, JSON or CSV from standard input until its end. A pipe cannot be read twice:
/// records that were taken from it and not committed when the program is killed are lost, and the
/// next start reads whatever the pipe gives then, with offsets from 0. The partition is "stdin",
/// and the position {"offset":512} only tells how much was read. Borrows `env`.
std::unique_ptr<Source> MakeStdinSource(const StdinSourceConfig& config, const std::string& name,
                                        Env* env);

/// The same for any stream whose Read() returns kUnavailable when there is nothing at the moment.
std::unique_ptr<Source> MakeStreamSource(const StdinSourceConfig& config, const std::string& name,
                                         std::unique_ptr<ReadableFile> input, Env* env);

}  // namespace avocet
