#include "src/state/recent_records.h"

#include <algorithm>
#include <utility>

namespace avocet {
namespace {
constexpr size_t kEntryBytes = sizeof(uint32_t) + sizeof(uint16_t);
}  // namespace

uint32_t* RecentRecords::Low(const Ring& ring) {
  return reinterpret_cast<uint32_t*>(ring.block.get());
}

uint16_t* RecentRecords::High(const Ring& ring) {
  return reinterpret_cast<uint16_t*>(ring.block.get() + ring.capacity * sizeof(uint32_t));
}

bool RecentRecords::SeenBefore(uint32_t slot, uint64_t record_hash, bool newer) {
  if (slot >= rings_.size()) rings_.resize(slot + 1);
  Ring& ring = rings_[slot];
  const auto low = static_cast<uint32_t>(record_hash);
  const auto high = static_cast<uint16_t>(record_hash >> 32);
  for (uint32_t i = 0; !newer && i < ring.size; ++i) {
    if (Low(ring)[i] == low && High(ring)[i] == high) return true;
  }
  if (ring.size == ring.capacity && ring.capacity < kRemembered) Grow(&ring);
  Low(ring)[ring.next] = low;
  High(ring)[ring.next] = high;
  if (ring.size < ring.capacity) ++ring.size;
  ring.next = static_cast<uint8_t>((ring.next + 1) % kRemembered);
  return false;
}

void RecentRecords::Grow(Ring* ring) {
  Ring grown;
  grown.capacity = static_cast<uint8_t>(ring->capacity == 0 ? 4 : ring->capacity * 2);
  grown.size = ring->size;
  grown.next = ring->next;
  grown.block = std::make_unique<std::byte[]>(grown.capacity * kEntryBytes);
  std::copy_n(Low(*ring), ring->size, Low(grown));
  std::copy_n(High(*ring), ring->size, High(grown));
  *ring = std::move(grown);
}

size_t RecentRecords::StateBytes() const {
  size_t total = rings_.size() * sizeof(Ring);
  for (const Ring& ring : rings_) total += ring.capacity * kEntryBytes;
  return total;
}

void RecentRecords::Save(StateWriter* out) const {
  out->Put<uint64_t>(rings_.size());
  for (const Ring& ring : rings_) {
    out->Put<uint8_t>(ring.size);
    out->Put<uint8_t>(ring.next);
    for (uint32_t i = 0; i < ring.size; ++i) {
      out->Put(Low(ring)[i]);
      out->Put(High(ring)[i]);
    }
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
      AVOCET_RETURN_IF_ERROR(in->Get(&Low(ring)[ring.size]));
      AVOCET_RETURN_IF_ERROR(in->Get(&High(ring)[ring.size]));
    }
    rings_.push_back(std::move(ring));
  }
  return Status::Ok();
}

}  // namespace avocet
