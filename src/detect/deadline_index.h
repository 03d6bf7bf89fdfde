// DeadlineIndex: lower bounds of the deadlines of many slots, so that looking for overdue ones
// costs nothing while none is due.
//
// Slots are grouped by 64. A group's bound never exceeds its earliest deadline; a group is swept
// only when its bound is reached, which gives it an exact bound again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace avocet {

class DeadlineIndex {
 public:
  static constexpr size_t kGroup = 64;

  /// Makes slots [0, num_slots) usable; new ones have no deadline.
  void Grow(size_t num_slots) { bounds_.resize((num_slots + kGroup - 1) / kGroup, INT64_MAX); }

  /// The slot's deadline is now `deadline`. Later ones need not be told, but may be.
  void Lower(size_t slot, int64_t deadline) {
    int64_t& bound = bounds_[slot / kGroup];
    bound = std::min(bound, deadline);
    next_ = std::min(next_, deadline);
  }

  /// Calls `sweep(slot)` for every slot of each group that may have a deadline <= now, ascending.
  /// `sweep` does what is due and returns the slot's deadline from then on.
  template <typename Sweep>
  void Advance(int64_t now, size_t num_slots, Sweep sweep) {
    if (now < next_) return;
    next_ = INT64_MAX;
    for (size_t group = 0; group < bounds_.size(); ++group) {
      if (bounds_[group] <= now) {
        bounds_[group] = INT64_MAX;
        const size_t end = std::min(num_slots, (group + 1) * kGroup);
        for (size_t slot = group * kGroup; slot < end; ++slot) {
          bounds_[group] = std::min(bounds_[group], sweep(slot));
        }
      }
      next_ = std::min(next_, bounds_[group]);
    }
  }

  size_t Bytes() const { return bounds_.capacity() * sizeof(int64_t); }

 private:
  std::vector<int64_t> bounds_;
  int64_t next_ = INT64_MAX;  // never exceeds the smallest bound
};

}  // namespace avocet
