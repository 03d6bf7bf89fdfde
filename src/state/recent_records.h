// RecentRecords: the last 64 records of each device, as hashes, to drop records that arrive twice.
//
// A record's hash covers event time and payload bytes; 48 bits of it are kept. A record newer than
// all of its device's cannot be a repetition and is not compared, so that a false match is possible
// only for records that are late or share their device's newest event time: once in 4 * 10^12 of
// these. Cost: 6 bytes per remembered record, at most 384 per device.
#pragma once

#include <cstddef>
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
  /// `newer`: its event time is above that of every record of the device so far.
  bool SeenBefore(uint32_t slot, uint64_t record_hash, bool newer);

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  struct Ring {
    // `capacity` low parts of 32 bits, then as many high parts of 16.
    std::unique_ptr<std::byte[]> block;
    uint8_t capacity = 0;  // grows 4, 8, ... kRemembered
    uint8_t size = 0;
    uint8_t next = 0;  // oldest entry once the ring is full
  };
  static uint32_t* Low(const Ring& ring);
  static uint16_t* High(const Ring& ring);
  static void Grow(Ring* ring);

  std::vector<Ring> rings_;
};

}  // namespace avocet
