// The `simulate` source: a fleet of simulated devices with known faults.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/source.h"

namespace avocet {

/// Delivers the records of a Simulator, paced by the clock of `env`: `speed` event seconds per
/// second, 0 as fast as they are taken. The partition is "simulate", the offset of a record is its
/// slot, and the position is {"index":120,"start_us":1623781706000000,"devices":50,
/// "period_us":10000000,"seed":1}: with the same devices, period and seed it goes on there, else it
/// begins again. At speed 1 and with start time "now", readings that fell due while the program was
/// not running are made up for, as from a real fleet. The truth file is written anew at each start,
/// with every fault since the beginning. `once` needs a duration: kConfig without. Borrows `env`.
std::unique_ptr<Source> MakeSimulateSource(const SimulateSourceConfig& config,
                                           const std::string& name, bool once, Env* env);

}  // namespace avocet
