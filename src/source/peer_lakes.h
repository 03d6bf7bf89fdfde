// PeerLakes: what a source asks about the lakes of other processes that share its stream.
#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/model/positions.h"

namespace avocet {

/// A lake and whoever ingests into it, as others find it.
struct LakeAddress {
  std::string table_id;  ///< of bronze; the identity
  std::string host;
  std::string lake;      ///< absolute path, or URL
  std::string bronze;    ///< path of the bronze table below it
  std::string data_dir;  ///< absolute path

  bool operator==(const LakeAddress&) const = default;
};

struct PeerLake {
  enum class State {
    kBusy,     ///< a process ingests into it, or it cannot be looked at from here
    kStopped,  ///< no process does
    kGone,     ///< it was on this machine and does not exist any more
  };
  State state = State::kBusy;
  std::string reason;              ///< of kBusy and kGone, one clause
  Positions positions;             ///< of kStopped: everything in its bronze table
  std::unique_ptr<FileLock> lock;  ///< of kStopped: no process can begin while this is held
};

/// Called from one thread at a time for each source.
class PeerLakes {
 public:
  virtual ~PeerLakes() = default;
  /// The lake of this process.
  virtual const LakeAddress& self() const = 0;
  /// The present state of another one.
  virtual PeerLake Inspect(const LakeAddress& address) = 0;
};

}  // namespace avocet
