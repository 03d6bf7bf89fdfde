// SimInode: a file or directory of the simulated disk, as memory and as the platter see it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "src/env/sim_random.h"

namespace avocet {

/// How much of what was not synced a crash takes.
enum class SimCrash {
  kPowerCut,      ///< any part of it
  kLoseUnsynced,  ///< all of it
  kProcessKill,   ///< none of it: the system goes on and only the process is gone
};

struct SimInode {
  /// What the disk says about one name; `inode` 0 says that there is none.
  struct DurableEntry {
    uint64_t inode = 0;
    uint64_t sequence = 0;  ///< of the change that wrote it
  };

  uint64_t id = 0;
  bool is_directory = false;
  int64_t modified_us = 0;
  uint64_t num_names = 0;                 ///< entries of live directories that point here
  std::optional<std::string> lock_owner;  ///< who has it locked

  // A file. `data` is what readers see; `durable` is what the disk has.
  std::string data;
  std::string durable;
  bool truncated = false;  ///< emptied since the last sync
  bool dropped = false;    ///< a sync failed, so the disk never gets the rest of `data`

  // A directory: its entries as seen, and as the disk has them.
  std::map<std::string, uint64_t> entries;
  std::map<std::string, DurableEntry> durable_entries;

  /// A successful fsync of a file.
  void Sync();

  /// What a file is after a power cut: its synced bytes, and of the bytes appended since then none,
  /// all, a part that ends at a sector or anywhere, or a part with sectors of zeros in it.
  void LoseUnsynced(SimCrash crash, SimRandom* random);

 private:
  void SettleOn(std::string content);
};

}  // namespace avocet
