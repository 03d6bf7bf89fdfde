// RecentRecords: the last 64 records of each device, as hashes, to drop records that arrive twice.
//
// A record's hash covers event time and payload bytes. With 64-bit hashes a false match is
// expected once in 10^17 records. Cost: 8 bytes per remembered record, at most 512 per device.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "src/base/status.h"
#include "src/state/state_io.h"

namespace avocet {

class RecentRecords {
 public:
  static constexpr uint32_t kRemembered = 64;

  /// Whether `record_hash` is among the device's last records; remembers it when it is not.
  bool SeenBefore(uint32_t slot, uint64_t record_hash);

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  struct Ring {
    std::unique_ptr<uint64_t[]> hashes;
    uint8_t capacity = 0;  // grows 4, 8, ... kRemembered
    uint8_t size = 0;
    uint8_t next = 0;  // oldest entry once the ring is full
  };
  static void Grow(Ring* ring);

  std::vector<Ring> rings_;
};

}  // namespace avocet
