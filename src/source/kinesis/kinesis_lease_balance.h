// Which leases a process takes, so that all processes get about as many.
#pragma once

#include <string>
#include <vector>

#include "src/env/env.h"

namespace avocet {

/// A shard that is still to be read.
struct LeaseShare {
  std::string shard;
  std::string owner;
  bool free = false;  ///< nobody's, or of a worker that is gone
};

/// As the Kinesis Client Library does it: those that are free, up to a fair share; else, when
/// somebody has more than a fair share, what is missing from whoever has the most. Which ones is
/// left to chance, so that processes which start together seldom want the same.
std::vector<std::string> LeasesToTake(std::vector<LeaseShare> leases, const std::string& self,
                                      Env* env);

}  // namespace avocet
