#include "src/state/rolling_windows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "src/base/powers_of_ten.h"

namespace avocet {
namespace {

constexpr uint32_t kInitialCapacity = 4;

// Scales of a series: its values are n / 10^scale.
constexpr uint8_t kMaxScale = kPowersOfTen.size() - 1;
constexpr uint8_t kWide = 255;
constexpr int32_t kNoDecimal = std::numeric_limits<int32_t>::min();

// Sets *decimal to the n of value = n / 10^scale, kNoDecimal for NaN; false when there is no such
// n.
bool ToDecimal(double value, uint8_t scale, int32_t* decimal) {
  const double scaled = value * kPowersOfTen[scale];
  if (!(std::abs(scaled) < 2147483647.0)) {
    *decimal = kNoDecimal;
    return std::isnan(value);
  }
  // Adding and taking away 1.5 * 2^52 rounds to the nearest integer, without a call.
  constexpr double kRound = 6755399441055744.0;
  const double nearest = (scaled + kRound) - kRound;
  *decimal = static_cast<int32_t>(nearest);
  return nearest / kPowersOfTen[scale] == value;
}

size_t MaskBytes(uint32_t metrics) { return (metrics + 7) / 8; }

uint32_t GrownCapacity(uint32_t capacity) {
  return std::max(kInitialCapacity, capacity + std::max(2U, capacity / 8));
}

}  // namespace

// Typed access to a ring's block:
//   sums         8 bytes per metric: integer sum of the window, or of the newer part as a double
//   wide values  doubles [wide metric][capacity]: suffix sums in the older part, else values,
//                0 for none
//   times        [capacity], 8 bytes each or the low 4 bytes
//   decimals     int32 [other metric][capacity]
//   counts       uint32 per metric: values in the window
//   masks        [capacity] bits of the metrics that have a value, only with wide metrics
//   scales       uint8 per metric
class RollingWindows::View {
 public:
  View(const Ring& ring, bool wide_times)
      : capacity_(ring.capacity),
        metrics_(ring.metrics),
        wide_times_(wide_times),
        mask_bytes_(ring.wide == 0 ? 0 : MaskBytes(ring.metrics)) {
    std::byte* at = ring.block.get();
    sums = at;
    at += size_t{metrics_} * 8;
    wide_ = reinterpret_cast<double*>(at);
    at += size_t{ring.wide} * capacity_ * 8;
    times_ = at;
    at += size_t{capacity_} * (wide_times ? 8 : 4);
    narrow_ = reinterpret_cast<int32_t*>(at);
    at += size_t{static_cast<uint32_t>(metrics_ - ring.wide)} * capacity_ * 4;
    counts = reinterpret_cast<uint32_t*>(at);
    at += size_t{metrics_} * 4;
    masks_ = reinterpret_cast<uint8_t*>(at);
    at += capacity_ * mask_bytes_;
    scales = reinterpret_cast<uint8_t*>(at);
  }

  int64_t& IntegerSum(uint32_t metric) const { return reinterpret_cast<int64_t*>(sums)[metric]; }
  double& NewerSum(uint32_t metric) const { return reinterpret_cast<double*>(sums)[metric]; }

  /// The values of a metric are at Wide(rank) or Decimals(rank), rank counting only its own kind.
  double* Wide(uint32_t rank) const { return wide_ + size_t{rank} * capacity_; }
  int32_t* Decimals(uint32_t rank) const { return narrow_ + size_t{rank} * capacity_; }
  uint32_t Rank(uint32_t metric) const {
    uint32_t rank = 0;
    for (uint32_t m = 0; m < metric; ++m) {
      rank += (scales[m] == kWide) == (scales[metric] == kWide) ? 1 : 0;
    }
    return rank;
  }

  void SetTime(uint32_t index, int64_t time_us) const {
    if (wide_times_) {
      reinterpret_cast<int64_t*>(times_)[index] = time_us;
    } else {
      reinterpret_cast<uint32_t*>(times_)[index] = static_cast<uint32_t>(time_us);
    }
  }
  /// How long before `now_us` the reading was. REQUIRES: less than 2^32 us with short times.
  int64_t Age(uint32_t index, int64_t now_us) const {
    if (wide_times_) return now_us - reinterpret_cast<const int64_t*>(times_)[index];
    return static_cast<uint32_t>(now_us) - reinterpret_cast<const uint32_t*>(times_)[index];
  }
  void CopyTime(uint32_t index, const View& from, uint32_t from_index) const {
    const size_t bytes = wide_times_ ? 8 : 4;
    std::memcpy(times_ + index * bytes, from.times_ + from_index * bytes, bytes);
  }

  bool HasValue(uint32_t metric, uint32_t index) const {
    return (masks_[index * mask_bytes_ + metric / 8] >> (metric % 8)) & 1U;
  }
  void SetHasValue(uint32_t metric, uint32_t index, bool has) const {
    uint8_t& byte = masks_[index * mask_bytes_ + metric / 8];
    const auto bit = static_cast<uint8_t>(1U << (metric % 8));
    byte = static_cast<uint8_t>(has ? byte | bit : byte & ~bit);
  }
  uint32_t Wrap(uint32_t index) const { return index >= capacity_ ? index - capacity_ : index; }

  std::byte* sums;
  uint32_t* counts;
  uint8_t* scales;

 private:
  uint32_t capacity_;
  uint32_t metrics_;
  bool wide_times_;
  size_t mask_bytes_;
  double* wide_;
  std::byte* times_;
  int32_t* narrow_;
  uint8_t* masks_;
};

// Readings in a ring are younger than the window, so that at the next push that finds any of them
// in it they are younger than two windows.
bool RollingWindows::WideTimes() const {
  return window_us_ > std::numeric_limits<uint32_t>::max() / 2;
}

size_t RollingWindows::BlockBytes(const Ring& ring) const {
  const size_t capacity = ring.capacity;
  const size_t metrics = ring.metrics;
  const size_t wide = ring.wide;
  return metrics * (8 + 4 + 1) + capacity * (wide * 8 + (metrics - wide) * 4) +
         capacity * (WideTimes() ? 8 : 4) + (wide == 0 ? 0 : capacity * MaskBytes(ring.metrics));
}

// Moves the readings to a block of another shape; `new_wide_metric` becomes wide, -1: none does.
void RollingWindows::Relayout(Ring* ring, uint32_t capacity, uint16_t metrics,
                              int new_wide_metric) const {
  Ring grown;
  grown.newest_us = ring->newest_us;
  grown.capacity = capacity;
  grown.metrics = metrics;
  grown.wide = static_cast<uint16_t>(ring->wide + (new_wide_metric < 0 ? 0 : 1));
  grown.size = ring->size;
  grown.older = ring->older;
  grown.block = std::make_unique<std::byte[]>(BlockBytes(grown));
  const View to(grown, WideTimes());
  const View from(*ring, WideTimes());
  for (uint32_t m = 0; m < ring->metrics; ++m) to.scales[m] = from.scales[m];
  if (new_wide_metric >= 0) to.scales[new_wide_metric] = kWide;
  for (uint32_t i = 0; i < ring->size; ++i) to.CopyTime(i, from, from.Wrap(ring->head + i));
  for (uint32_t m = 0; m < ring->metrics; ++m) {
    to.counts[m] = from.counts[m];
    if (to.scales[m] != kWide) {
      const int32_t* old = from.Decimals(from.Rank(m));
      int32_t* values = to.Decimals(to.Rank(m));
      for (uint32_t i = 0; i < ring->size; ++i) values[i] = old[from.Wrap(ring->head + i)];
      to.IntegerSum(m) = from.IntegerSum(m);
    } else if (from.scales[m] == kWide) {
      const double* old = from.Wide(from.Rank(m));
      double* values = to.Wide(to.Rank(m));
      for (uint32_t i = 0; i < ring->size; ++i) {
        const uint32_t index = from.Wrap(ring->head + i);
        values[i] = old[index];
        to.SetHasValue(m, i, from.HasValue(m, index));
      }
      to.NewerSum(m) = from.NewerSum(m);
    } else {
      const int32_t* old = from.Decimals(from.Rank(m));
      double* values = to.Wide(to.Rank(m));
      double newer_sum = 0;
      for (uint32_t i = 0; i < ring->size; ++i) {
        const int32_t decimal = old[from.Wrap(ring->head + i)];
        to.SetHasValue(m, i, decimal != kNoDecimal);
        values[i] = decimal == kNoDecimal ? 0.0 : decimal / kPowersOfTen[from.scales[m]];
        if (i >= ring->older) newer_sum += values[i];
      }
      for (uint32_t i = ring->older; i > 1; --i) values[i - 2] += values[i - 1];
      to.NewerSum(m) = newer_sum;
    }
  }
  // A metric that is new has no value in the readings so far.
  for (uint32_t m = ring->metrics; m < metrics; ++m) {
    std::fill_n(to.Decimals(to.Rank(m)), ring->size, kNoDecimal);
  }
  *ring = std::move(grown);
}

// Makes the metric's scale one that `value` fits, as *decimal, or makes the metric wide.
void RollingWindows::FitScale(Ring* ring, uint16_t metric, double value, int32_t* decimal) const {
  const View view(*ring, WideTimes());
  int32_t* decimals = view.Decimals(view.Rank(metric));
  const uint8_t old_scale = view.scales[metric];
  int32_t largest = 0;
  for (uint32_t i = 0; i < ring->size; ++i) {
    const int32_t kept = decimals[view.Wrap(ring->head + i)];
    if (kept != kNoDecimal) largest = std::max(largest, std::abs(kept));
  }
  for (auto scale = static_cast<uint8_t>(old_scale + 1); scale <= kMaxScale; ++scale) {
    const double factor = kPowersOfTen[scale - old_scale];
    if (largest * factor > std::numeric_limits<int32_t>::max()) break;
    if (!ToDecimal(value, scale, decimal)) continue;
    for (uint32_t i = 0; i < ring->size; ++i) {
      int32_t& kept = decimals[view.Wrap(ring->head + i)];
      if (kept != kNoDecimal) kept *= static_cast<int32_t>(factor);
    }
    view.IntegerSum(metric) *= static_cast<int64_t>(factor);
    view.scales[metric] = scale;
    return;
  }
  Relayout(ring, ring->capacity, ring->metrics, metric);
}

// Takes out what is not in the window of a reading at `event_time_us`.
void RollingWindows::Evict(Ring* ring, int64_t event_time_us) const {
  const View view(*ring, WideTimes());
  if (event_time_us - ring->newest_us >= window_us_) {
    std::memset(view.sums, 0, size_t{ring->metrics} * 8);
    std::memset(view.counts, 0, size_t{ring->metrics} * 4);
    ring->head = ring->size = ring->older = 0;
    return;
  }
  while (ring->size != 0 && view.Age(ring->head, event_time_us) >= window_us_) {
    if (ring->wide != 0 && ring->older == 0) {
      // The newer part becomes the older one: values become suffix sums.
      for (uint32_t m = 0, rank = 0; m < ring->metrics; ++m) {
        if (view.scales[m] != kWide) continue;
        double* values = view.Wide(rank++);
        double sum = 0;
        for (uint32_t i = ring->size; i != 0; --i) {
          double& value = values[view.Wrap(ring->head + i - 1)];
          value = sum += value;
        }
        view.NewerSum(m) = 0;
      }
      ring->older = ring->size;
    }
    for (uint32_t m = 0, wide = 0, narrow = 0; m < ring->metrics; ++m) {
      if (view.scales[m] == kWide) {
        ++wide;
        view.counts[m] -= view.HasValue(m, ring->head) ? 1 : 0;
        continue;
      }
      const int32_t decimal = view.Decimals(narrow++)[ring->head];
      if (decimal == kNoDecimal) continue;
      view.IntegerSum(m) -= decimal;
      --view.counts[m];
    }
    ring->head = view.Wrap(ring->head + 1);
    --ring->size;
    if (ring->older != 0) --ring->older;
  }
}

void RollingWindows::Push(uint32_t slot, int64_t event_time_us, std::span<const double> values,
                          std::span<double> means) {
  if (slot >= rings_.size()) rings_.resize(slot + 1);
  Ring& ring = rings_[slot];
  const auto metrics = static_cast<uint16_t>(values.size());
  if (ring.block == nullptr || ring.metrics != metrics) {
    Relayout(&ring, std::max(ring.capacity, kInitialCapacity), metrics, -1);
  }
  Evict(&ring, event_time_us);
  if (ring.size == ring.capacity) Relayout(&ring, GrownCapacity(ring.capacity), metrics, -1);
  decimals_.resize(metrics);
  View view(ring, WideTimes());
  for (uint16_t m = 0; m < metrics; ++m) {
    if (view.scales[m] == kWide || ToDecimal(values[m], view.scales[m], &decimals_[m])) continue;
    FitScale(&ring, m, values[m], &decimals_[m]);
    view = View(ring, WideTimes());
  }
  const uint32_t index = view.Wrap(ring.head + ring.size);
  for (uint32_t m = 0, wide = 0, narrow = 0; m < metrics; ++m) {
    const bool has_value = !std::isnan(values[m]);
    view.counts[m] += has_value ? 1 : 0;
    double sum = 0;
    double divisor = view.counts[m];
    if (view.scales[m] == kWide) {
      double* series = view.Wide(wide++);
      series[index] = has_value ? values[m] : 0.0;
      view.SetHasValue(m, index, has_value);
      view.NewerSum(m) += series[index];
      sum = (ring.older == 0 ? 0.0 : series[ring.head]) + view.NewerSum(m);
    } else {
      view.Decimals(narrow++)[index] = decimals_[m];
      if (has_value) view.IntegerSum(m) += decimals_[m];
      sum = static_cast<double>(view.IntegerSum(m));
      divisor *= kPowersOfTen[view.scales[m]];
    }
    means[m] = view.counts[m] == 0 ? std::nan("") : sum / divisor;
  }
  view.SetTime(index, event_time_us);
  ring.newest_us = event_time_us;
  ++ring.size;
}

size_t RollingWindows::StateBytes() const {
  size_t total = rings_.size() * sizeof(Ring);
  for (const Ring& ring : rings_) {
    if (ring.block != nullptr) total += BlockBytes(ring);
  }
  return total;
}

void RollingWindows::Save(StateWriter* out) const {
  out->Put<uint64_t>(rings_.size());
  for (const Ring& ring : rings_) {
    out->Put(ring.capacity);
    if (ring.block == nullptr) continue;
    out->Put(ring.newest_us);
    out->Put(ring.head);
    out->Put(ring.size);
    out->Put(ring.older);
    out->Put(ring.metrics);
    out->Put(ring.wide);
    out->PutArray<std::byte>({ring.block.get(), BlockBytes(ring)});
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
    if (ring.capacity != 0) {
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.newest_us));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.head));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.size));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.older));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.metrics));
      AVOCET_RETURN_IF_ERROR(in->Get(&ring.wide));
      AVOCET_RETURN_IF_ERROR(in->GetArray(&bytes));
      const Status unfit = Status::Corrupt("a rolling window does not fit together");
      if (ring.head >= ring.capacity || ring.size > ring.capacity || ring.older > ring.size ||
          ring.wide > ring.metrics || bytes.size() != BlockBytes(ring)) {
        return unfit;
      }
      ring.block = std::make_unique<std::byte[]>(bytes.size());
      std::memcpy(ring.block.get(), bytes.data(), bytes.size());
      const uint8_t* scales = View(ring, WideTimes()).scales;
      if (std::count(scales, scales + ring.metrics, kWide) != ring.wide ||
          std::any_of(scales, scales + ring.metrics,
                      [](uint8_t scale) { return scale > kMaxScale && scale != kWide; })) {
        return unfit;
      }
    }
    rings_.push_back(std::move(ring));
  }
  return Status::Ok();
}

}  // namespace avocet
