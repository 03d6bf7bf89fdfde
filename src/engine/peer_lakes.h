// The lakes of other avocet processes, looked at from this one.
#pragma once

#include <memory>

#include "src/config/config.h"
#include "src/engine/lake_tables.h"
#include "src/env/env.h"
#include "src/source/peer_lakes.h"

namespace avocet {

/// `tables` are those of this process's lake. A lake of another machine can be looked at when it
/// lies, with its data directory, on a file system that both see. Borrows `env`.
Result<std::unique_ptr<PeerLakes>> MakePeerLakes(const Config& config, Env* env,
                                                 LakeTables* tables);

}  // namespace avocet
