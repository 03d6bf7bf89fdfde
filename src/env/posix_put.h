// Whole files that are there completely or not at all.
#pragma once

#include <string>
#include <string_view>

#include "src/env/durable_directories.h"
#include "src/env/env.h"

namespace avocet {

/// See Env::PutDurably. Temporary files are called ".tmp-<process>-<counter>" and lie beside the
/// target; one is left behind only when the process dies. After an error the file is absent (or as
/// it was) or complete, but perhaps not durable.
Status PutPosixFile(DurableDirectories* directories, const std::string& path,
                    std::string_view bytes, PutMode mode);

}  // namespace avocet
