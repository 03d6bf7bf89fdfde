// What must hold after a simulated run, whatever has happened in it.
#pragma once

#include <set>
#include <string>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"
#include "test/sim/sim_plan.h"

namespace avocet {

/// Each record of the plan is in bronze, in quarantine or a duplicate, and no row is anything else;
/// every file has been read to its end.
Status CheckRecords(Env* env, const std::string& lake, const SimPlan& plan);

/// From commit to commit of bronze epochs follow on each other, and positions, counters and times
/// do not go back.
Status CheckMonotone(Env* env, const std::string& lake);

/// The rows of all tables are the same but for when and by which commit they came.
Status CompareLakes(Env* have, Env* want, const std::string& lake);

/// `avocet fsck` finds no damage; with `warnings` also nothing that the next start would mend.
/// Files in `known` may be damaged.
Status CheckFsck(const Config& config, Env* env, const std::set<std::string>& known, bool warnings);

/// A message about an error of the system must say which file and why.
Status CheckMessage(const std::string& message);

}  // namespace avocet
