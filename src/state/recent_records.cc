#include "src/state/recent_records.h"

#include <algorithm>

namespace avocet {

bool RecentRecords::SeenBefore(uint32_t slot, uint64_t record_hash) {
  if (slot >= rings_.size()) rings_.resize(slot + 1);
  Ring& ring = rings_[slot];
  // Counting matches instead of leaving at the first one lets the compiler use vector compares.
  uint32_t matches = 0;
  for (uint32_t i = 0; i < ring.size; ++i) matches += ring.hashes[i] == record_hash ? 1 : 0;
  if (matches != 0) return true;
  if (ring.size == ring.capacity && ring.capacity < kRemembered) Grow(&ring);
  ring.hashes[ring.next] = record_hash;
  if (ring.size < ring.capacity) ++ring.size;
  ring.next = static_cast<uint8_t>((ring.next + 1) % kRemembered);
  return false;
}

void RecentRecords::Grow(Ring* ring) {
  const auto capacity = static_cast<uint8_t>(ring->capacity == 0 ? 4 : ring->capacity * 2);
  auto hashes = std::make_unique<uint64_t[]>(capacity);
  std::copy_n(ring->hashes.get(), ring->size, hashes.get());
  ring->hashes = std::move(hashes);
  ring->capacity = capacity;
}

size_t RecentRecords::StateBytes() const {
  size_t total = rings_.size() * sizeof(Ring);
  for (const Ring& ring : rings_) total += ring.capacity * sizeof(uint64_t);
  return total;
}

void RecentRecords::Save(StateWriter* out) const {
  out->Put<uint64_t>(rings_.size());
  for (const Ring& ring : rings_) {
    out->Put<uint8_t>(ring.size);
    out->Put<uint8_t>(ring.next);
    for (uint32_t i = 0; i < ring.size; ++i) out->Put<uint64_t>(ring.hashes[i]);
  }
}

Status RecentRecords::Load(StateReader* in) {
  uint64_t count = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&count));
  rings_.clear();
  for (uint64_t slot = 0; slot < count; ++slot) {
    Ring ring;
    uint8_t size = 0;
    AVOCET_RETURN_IF_ERROR(in->Get(&size));
    AVOCET_RETURN_IF_ERROR(in->Get(&ring.next));
    if (size > kRemembered || ring.next >= kRemembered ||
        (size < kRemembered && ring.next != size)) {
      return Status::Corrupt("a device remembers an impossible number of records");
    }
    while (ring.capacity < size) Grow(&ring);
    for (ring.size = 0; ring.size < size; ++ring.size) {
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.hashes[ring.size]));
    }
    rings_.push_back(std::move(ring));
  }
  return Status::Ok();
}

}  // namespace avocet
