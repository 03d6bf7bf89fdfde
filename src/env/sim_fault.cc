#include "src/env/sim_fault.h"

#include <fnmatch.h>

#include <algorithm>

namespace avocet {

namespace {

bool Matches(const SimFault& fault, SimOp op, const std::vector<std::string>& paths) {
  if (!fault.ops.Contains(op)) return false;
  if (fault.path_pattern.empty()) return true;
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return ::fnmatch(fault.path_pattern.c_str(), path.c_str(), 0) == 0;
  });
}

}  // namespace

std::optional<SimFault> SimFaultPlan::Strike(SimOp op, const std::vector<std::string>& paths,
                                             SimRandom* random) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (!Matches(*fault, op, paths)) continue;
    if (fault->skip > 0) {
      --fault->skip;
      continue;
    }
    if (!random->Chance(fault->probability)) continue;
    SimFault struck = *fault;
    if (fault->count != SimFault::kForever && --fault->count <= 0) faults_.erase(fault);
    return struck;
  }
  return std::nullopt;
}

}  // namespace avocet
