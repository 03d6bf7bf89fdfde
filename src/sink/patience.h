// Patience: how long a sink tries without getting anywhere.
#pragma once

#include <algorithm>
#include <chrono>

#include "src/env/env.h"
#include "src/env/signals.h"

namespace avocet {

/// Seconds remain after a termination signal. Owned by one thread.
class Patience {
 public:
  Patience(std::chrono::nanoseconds limit, Env* env)
      : limit_(limit), env_(env), since_(env->Monotonic()) {}

  /// Something has worked.
  void Renew() { since_ = env_->Monotonic(); }
  bool IsOver() const {
    constexpr std::chrono::seconds kAfterSignal{5};
    const auto limit = TerminationRequested() ? std::min(limit_, Limit(kAfterSignal)) : limit_;
    return env_->Monotonic() - since_ > limit;
  }

 private:
  using Limit = std::chrono::nanoseconds;

  const Limit limit_;
  Env* const env_;
  Limit since_;
};

}  // namespace avocet
