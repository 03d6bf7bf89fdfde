// SignsOfLife: when a watchdog is to be told that the work goes on.
#pragma once

#include <chrono>
#include <cstdint>

namespace avocet {

/// A sign is due several times within the watchdog's time-out, but only when a heartbeat has moved
/// since the last sign. Times are of one monotonic clock. Used by one thread.
class SignsOfLife {
 public:
  SignsOfLife() = default;
  /// Counts from `now`. A time-out of zero or less: no sign is ever due.
  SignsOfLife(std::chrono::nanoseconds timeout, std::chrono::nanoseconds now)
      : timeout_(timeout), given_at_(now), moved_at_(now) {}

  /// Whether to give a sign now; it counts as given.
  bool IsDue(std::chrono::nanoseconds now, uint64_t heartbeat) {
    if (timeout_.count() <= 0) return false;
    if (heartbeat != heartbeat_) {
      heartbeat_ = heartbeat;
      moved_at_ = now;
      has_moved_ = true;
    }
    if (!has_moved_ || now - given_at_ < timeout_ / kSignsPerTimeout) return false;
    given_at_ = now;
    has_moved_ = false;
    return true;
  }

  /// True once half of the time-out has passed without a move: soon it is too late.
  bool IsMissing(std::chrono::nanoseconds now) const {
    return timeout_.count() > 0 && now - moved_at_ > timeout_ / 2;
  }

 private:
  // So that a late one does no harm.
  static constexpr int kSignsPerTimeout = 4;

  std::chrono::nanoseconds timeout_{0};
  std::chrono::nanoseconds given_at_{0};
  std::chrono::nanoseconds moved_at_{0};
  uint64_t heartbeat_ = 0;
  bool has_moved_ = false;  // since the last sign
};

}  // namespace avocet
