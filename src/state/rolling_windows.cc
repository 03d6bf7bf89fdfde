#include "src/state/rolling_windows.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace avocet {
namespace {

constexpr uint32_t kInitialCapacity = 4;

size_t MaskBytes(uint32_t metrics) { return (metrics + 7) / 8; }

size_t BlockBytes(uint32_t capacity, uint32_t metrics) {
  return capacity * sizeof(int64_t) + size_t{capacity} * metrics * sizeof(double) +
         metrics * (sizeof(double) + sizeof(uint32_t)) + capacity * MaskBytes(metrics);
}

}  // namespace

// Typed access to a ring's block.
struct RollingWindows::View {
  explicit View(const Ring& ring)
      : index_mask(ring.capacity - 1), metrics(ring.metrics), mask_bytes(MaskBytes(ring.metrics)) {
    std::byte* at = ring.block.get();
    times = reinterpret_cast<int64_t*>(at);
    at += ring.capacity * sizeof(int64_t);
    values = reinterpret_cast<double*>(at);
    at += size_t{ring.capacity} * metrics * sizeof(double);
    newer_sum = reinterpret_cast<double*>(at);
    at += metrics * sizeof(double);
    count = reinterpret_cast<uint32_t*>(at);
    at += metrics * sizeof(uint32_t);
    valid = reinterpret_cast<uint8_t*>(at);
    capacity = ring.capacity;
  }
  double& Value(uint32_t metric, uint32_t position) const {
    return values[size_t{metric} * capacity + (position & index_mask)];
  }
  uint8_t* Mask(uint32_t position) const { return valid + (position & index_mask) * mask_bytes; }

  uint32_t index_mask;
  uint32_t metrics;
  uint32_t capacity;
  size_t mask_bytes;
  int64_t* times;
  double* values;     // older part: suffix sums; newer part: the value, 0 when there is none
  double* newer_sum;  // per metric: sum of the newer part
  uint32_t* count;    // per metric: values in the whole window
  uint8_t* valid;
};

void RollingWindows::Reserve(Ring* ring, uint32_t capacity, uint32_t metrics) {
  Ring grown;
  grown.capacity = capacity;
  grown.metrics = metrics;
  grown.block = std::make_unique<std::byte[]>(BlockBytes(capacity, metrics));
  if (ring->block != nullptr) {
    const View from(*ring);
    const View to(grown);
    const uint32_t size = ring->tail - ring->head;
    for (uint32_t i = 0; i < size; ++i) {
      to.times[i] = from.times[(ring->head + i) & from.index_mask];
      std::memcpy(to.Mask(i), from.Mask(ring->head + i), from.mask_bytes);
      for (uint32_t m = 0; m < from.metrics; ++m) to.Value(m, i) = from.Value(m, ring->head + i);
    }
    std::memcpy(to.newer_sum, from.newer_sum, from.metrics * sizeof(double));
    std::memcpy(to.count, from.count, from.metrics * sizeof(uint32_t));
    grown.mid = ring->mid - ring->head;
    grown.tail = size;
  }
  *ring = std::move(grown);
}

// Turns the newer part into the older one: raw values become suffix sums.
void RollingWindows::Flip(const View& view, Ring* ring) {
  for (uint32_t m = 0; m < view.metrics; ++m) {
    double sum = 0;
    for (uint32_t i = ring->tail; i != ring->head; --i) {
      sum += view.Value(m, i - 1);
      view.Value(m, i - 1) = sum;
    }
    view.newer_sum[m] = 0;
  }
  ring->mid = ring->tail;
}

void RollingWindows::Evict(const View& view, Ring* ring, int64_t oldest_kept_us) const {
  while (ring->head != ring->tail && view.times[ring->head & view.index_mask] <= oldest_kept_us) {
    if (ring->head == ring->mid) Flip(view, ring);
    const uint8_t* mask = view.Mask(ring->head);
    for (uint32_t m = 0; m < view.metrics; ++m) view.count[m] -= (mask[m / 8] >> (m % 8)) & 1U;
    ++ring->head;
  }
}

void RollingWindows::Push(uint32_t slot, int64_t event_time_us, std::span<const double> values,
                          std::span<double> means) {
  if (slot >= rings_.size()) rings_.resize(slot + 1);
  Ring& ring = rings_[slot];
  const auto metrics = static_cast<uint32_t>(values.size());
  if (ring.block == nullptr || ring.metrics != metrics) {
    Reserve(&ring, std::max(ring.capacity, kInitialCapacity), metrics);
  }
  Evict(View(ring), &ring, event_time_us - window_us_);
  if (ring.tail - ring.head == ring.capacity) Reserve(&ring, ring.capacity * 2, metrics);
  const View view(ring);
  view.times[ring.tail & view.index_mask] = event_time_us;
  uint8_t* mask = view.Mask(ring.tail);
  std::memset(mask, 0, view.mask_bytes);
  for (uint32_t m = 0; m < metrics; ++m) {
    const bool has_value = !std::isnan(values[m]);
    const double value = has_value ? values[m] : 0.0;
    view.Value(m, ring.tail) = value;
    view.newer_sum[m] += value;
    view.count[m] += has_value ? 1 : 0;
    mask[m / 8] = static_cast<uint8_t>(mask[m / 8] | (has_value ? 1U << (m % 8) : 0U));
    const double older = ring.head == ring.mid ? 0.0 : view.Value(m, ring.head);
    means[m] = view.count[m] == 0 ? std::nan("") : (older + view.newer_sum[m]) / view.count[m];
  }
  ++ring.tail;
}

size_t RollingWindows::StateBytes() const {
  size_t total = rings_.size() * sizeof(Ring);
  for (const Ring& ring : rings_) {
    if (ring.block != nullptr) total += BlockBytes(ring.capacity, ring.metrics);
  }
  return total;
}

void RollingWindows::Save(StateWriter* out) const {
  out->Put<uint64_t>(rings_.size());
  for (const Ring& ring : rings_) {
    out->Put(ring.capacity);
    out->Put(ring.metrics);
    if (ring.block == nullptr) continue;
    const uint32_t wrapped_head = ring.head & (ring.capacity - 1);
    out->Put(wrapped_head);
    out->Put(wrapped_head + (ring.mid - ring.head));
    out->Put(wrapped_head + (ring.tail - ring.head));
    out->PutArray<std::byte>({ring.block.get(), BlockBytes(ring.capacity, ring.metrics)});
  }
}

Status RollingWindows::Load(StateReader* in) {
  uint64_t count = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&count));
  rings_.clear();
  std::vector<std::byte> bytes;
  for (uint64_t slot = 0; slot < count; ++slot) {
    Ring ring;
    AVOCET_RETURN_IF_ERROR(in->Get(&ring.capacity));
    AVOCET_RETURN_IF_ERROR(in->Get(&ring.metrics));
    if (ring.capacity != 0) {
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.head));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.mid));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.tail));
      AVOCET_RETURN_IF_ERROR(in->GetArray(&bytes));
      if (!std::has_single_bit(ring.capacity) || ring.head > ring.mid || ring.mid > ring.tail ||
          ring.tail - ring.head > ring.capacity ||
          bytes.size() != BlockBytes(ring.capacity, ring.metrics)) {
        return Status::Corrupt("a rolling window does not fit together");
      }
      ring.block = std::make_unique<std::byte[]>(bytes.size());
      std::memcpy(ring.block.get(), bytes.data(), bytes.size());
    }
    rings_.push_back(std::move(ring));
  }
  return Status::Ok();
}

}  // namespace avocet
