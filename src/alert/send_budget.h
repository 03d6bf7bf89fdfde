// SendBudget: how many messages a channel may send at the moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace avocet {

/// A token bucket that holds the messages of some time, a minute or an hour. One thread at a time.
class SendBudget {
 public:
  /// 0: no limit.
  explicit SendBudget(int64_t messages, std::chrono::nanoseconds per = std::chrono::minutes(1))
      : messages_(static_cast<double>(messages)),
        per_ns_(static_cast<double>(per.count())),
        tokens_(messages_) {}

  /// Whole messages that may be sent now.
  int64_t Available(std::chrono::nanoseconds now) {
    if (messages_ == 0) return INT64_MAX;
    Refill(now);
    return static_cast<int64_t>(tokens_);
  }
  void Spend() {
    if (messages_ > 0) tokens_ -= 1;
  }
  /// Until there is one more.
  std::chrono::nanoseconds UntilNext() const {
    if (messages_ == 0) return std::chrono::nanoseconds(0);
    const double missing = std::max(0.0, 1 - tokens_);
    return std::chrono::nanoseconds(static_cast<int64_t>(missing / messages_ * per_ns_) + 1);
  }
  /// Nothing is spent, as at the last call of Available.
  bool IsWhole() const { return tokens_ >= messages_; }

 private:
  void Refill(std::chrono::nanoseconds now) {
    if (refilled_ && now <= *refilled_) return;
    if (refilled_) {
      const double share = static_cast<double>((now - *refilled_).count()) / per_ns_;
      tokens_ = std::min(messages_, tokens_ + share * messages_);
    }
    refilled_ = now;
  }

  double messages_;
  double per_ns_;
  double tokens_;
  std::optional<std::chrono::nanoseconds> refilled_;  // by the first call of Available
};

}  // namespace avocet
