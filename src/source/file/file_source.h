// The `file` source: files, globs and directories, read once or followed.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/source.h"

namespace avocet {

/// Reads NDJSON, JSON arrays and CSV, plain or compressed with gzip or zstd, in the natural order
/// of the paths; while following, files that appear later come after those. Positions are described
/// in file_position.h. Following polls each poll_interval, survives growth, renames and deletions,
/// and starts a truncated file again. With `once`, or not following, what is missing or cannot be
/// read is an error: kNotFound, kPermission or kIo. Borrows `env`.
std::unique_ptr<Source> MakeFileSource(const FileSourceConfig& config, const std::string& name,
                                       bool once, Env* env);

}  // namespace avocet
