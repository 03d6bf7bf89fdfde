// FleetView: the fleet's median of one metric, for the last buckets of event time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "src/detect/fleet.h"

namespace avocet::auto_detect {

/// What is remembered of the last closed buckets. Raw bytes of a snapshot; zero-initialised is
/// empty.
class FleetView {
 public:
  struct Entry {
    int64_t bucket;
    float median;
    uint32_t devices;  ///< that the median is over; 0: no entry
    float deviation;   ///< that half of the devices have at least, over half an hour; 0: not known
    float next;        ///< what the median of the bucket after this one is likely to be
  };

  void Add(Entry entry) {
    const Entry& before = newest();
    const bool follows = before.devices != 0 && entry.bucket == before.bucket + 1;
    entry.next = entry.median + (follows ? entry.median - before.median : 0);
    entries_[next_] = entry;
    next_ = (next_ + 1) % kEntries;
  }

  /// Null when the bucket is not known.
  const Entry* Find(int64_t bucket) const {
    for (const Entry& entry : entries_) {
      if (entry.devices != 0 && entry.bucket == bucket) return &entry;
    }
    return nullptr;
  }

  const Entry& newest() const { return entries_[(next_ + kEntries - 1) % kEntries]; }

  /// Whether there were peers to compare with during the hour before `bucket`.
  bool HasPeers(int64_t bucket) const {
    const Entry& newest = entries_[(next_ + kEntries - 1) % kEntries];
    constexpr int64_t kHour = 12;
    return newest.devices != 0 && bucket - newest.bucket <= kHour;
  }

  bool IsPlausible() const {
    return next_ < kEntries && std::all_of(entries_, std::end(entries_), [](const Entry& entry) {
             return IsBucket(entry.bucket) && std::abs(entry.median) <= 1e30F &&
                    entry.deviation >= 0 && entry.deviation <= 1e30F &&
                    std::abs(entry.next) <= 4e30F;
           });
  }

  /// Whether event times have such a bucket.
  static bool IsBucket(int64_t bucket) { return bucket >= kNoBucket && bucket <= -kNoBucket; }

 private:
  static constexpr uint32_t kEntries = 8;
  Entry entries_[kEntries];
  uint32_t next_;
  uint32_t unused_;
};

}  // namespace avocet::auto_detect
