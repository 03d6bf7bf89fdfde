// Faults that the simulated system commits on request.
#pragma once

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "src/env/sim_random.h"

namespace avocet {

/// What one counted operation of the simulated system does. MakeDirectories, ReadFile and
/// PutDurably are made of several.
enum class SimOp : uint32_t {
  kOpenForRead = 1 << 0,
  kOpenForWrite = 1 << 1,
  kRead = 1 << 2,
  kAppend = 1 << 3,
  kSync = 1 << 4,
  kClose = 1 << 5,
  kStat = 1 << 6,
  kList = 1 << 7,
  kMakeDirectory = 1 << 8,
  kRename = 1 << 9,
  kLink = 1 << 10,
  kRemove = 1 << 11,
  kSyncDirectory = 1 << 12,
  kLock = 1 << 13,
};

/// A set of operations; the empty list means all.
class SimOps {
 public:
  SimOps(std::initializer_list<SimOp> ops) {  // NOLINT
    for (const SimOp op : ops) bits_ |= static_cast<uint32_t>(op);
    if (bits_ == 0) bits_ = ~uint32_t{0};
  }
  bool Contains(SimOp op) const { return (bits_ & static_cast<uint32_t>(op)) != 0; }

 private:
  uint32_t bits_ = 0;
};

/// Which operations go wrong, and how.
struct SimFault {
  static constexpr int64_t kForever = -1;

  SimOps ops = {};
  /// Shell pattern in which "*" also matches "/"; empty matches every path. Paths are absolute.
  std::string path_pattern;
  int error_number = EIO;
  double probability = 1;     ///< of each operation that matches
  int64_t skip = 0;           ///< how many matching operations go well first
  int64_t count = 1;          ///< how often it strikes; kForever: until cleared
  bool takes_effect = false;  ///< the operation happens, and yet reports the error
};

/// The faults that are waiting. Not synchronized.
class SimFaultPlan {
 public:
  void Add(SimFault fault) { faults_.push_back(std::move(fault)); }
  void Clear() { faults_.clear(); }
  bool empty() const { return faults_.empty(); }

  /// The fault that this operation on any of `paths` suffers. Counts it.
  std::optional<SimFault> Strike(SimOp op, const std::vector<std::string>& paths,
                                 SimRandom* random);

 private:
  std::vector<SimFault> faults_;
};

}  // namespace avocet
