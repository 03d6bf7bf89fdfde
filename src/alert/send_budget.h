// SendBudget: how many messages a channel may send at the moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace avocet {

/// A token bucket that holds a minute's messages. One thread at a time.
class SendBudget {
 public:
  /// 0: no limit.
  explicit SendBudget(int64_t per_minute)
      : per_minute_(static_cast<double>(per_minute)), tokens_(per_minute_) {}

  /// Whole messages that may be sent now.
  int64_t Available(std::chrono::nanoseconds now) {
    if (per_minute_ == 0) return INT64_MAX;
    Refill(now);
    return static_cast<int64_t>(tokens_);
  }
  void Spend() {
    if (per_minute_ > 0) tokens_ -= 1;
  }
  /// Until there is one more.
  std::chrono::nanoseconds UntilNext() const {
    if (per_minute_ == 0) return std::chrono::nanoseconds(0);
    const double missing = std::max(0.0, 1 - tokens_);
    return std::chrono::nanoseconds(static_cast<int64_t>(missing / per_minute_ * 60e9) + 1);
  }

 private:
  void Refill(std::chrono::nanoseconds now) {
    if (now > refilled_) {
      const double minutes = static_cast<double>((now - refilled_).count()) / 60e9;
      if (refilled_.count() != 0) tokens_ = std::min(per_minute_, tokens_ + minutes * per_minute_);
      refilled_ = now;
    }
  }

  double per_minute_;
  double tokens_;
  std::chrono::nanoseconds refilled_{0};
};

}  // namespace avocet
