// DeviceTable: device names of one shard to dense slots, and what is kept once per device.
//
// Owned by one shard, used by one thread at a time. A slot is never reused while the table lives.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/state/state_io.h"

namespace avocet {

inline constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();
inline constexpr uint32_t kNoSlot = std::numeric_limits<uint32_t>::max();

class DeviceTable {
 public:
  DeviceTable();

  /// The slot of `name`, a new one when it is unknown. `hash` is DeviceHash(name).
  uint32_t FindOrAdd(std::string_view name, uint64_t hash);

  std::optional<uint32_t> Find(std::string_view name, uint64_t hash) const;

  std::string_view name(uint32_t slot) const {
    return std::string_view(names_).substr(name_begin_[slot],
                                           name_begin_[slot + 1] - name_begin_[slot]);
  }
  size_t size() const { return hashes_.size(); }
  size_t StateBytes() const;

  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

  /// Newest event time seen per slot, kNoTime before the first reading.
  std::vector<int64_t> newest_us;

 private:
  void Insert(uint32_t slot);
  void Rehash(size_t buckets);

  std::string names_;                 // all names back to back
  std::vector<uint64_t> name_begin_;  // size() + 1 entries
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> buckets_;  // open addressing, slot + 1, 0 = empty
};

/// Stable across platforms and versions; its top bits choose the shard.
uint64_t DeviceHash(std::string_view name);

/// Devices are spread over this many shards, whatever the number of threads.
inline constexpr size_t kNumShards = 16;
inline size_t ShardOf(uint64_t device_hash) { return device_hash >> 60; }

}  // namespace avocet
