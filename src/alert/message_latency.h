// MessageLatency: how long after the reading that brought it about a message about an alert has
// come how far.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "src/base/latency_histogram.h"

namespace avocet {

/// What messages about alerts pass, in this order.
enum class MessageStage : uint8_t {
  kJudged,     ///< the alert has changed
  kStored,     ///< the message is durable
  kDelivered,  ///< its receiver has taken it
};
inline constexpr size_t kNumMessageStages = 3;
constexpr std::string_view MessageStageName(MessageStage stage) {
  constexpr std::array<std::string_view, kNumMessageStages> kNames = {"judged", "stored",
                                                                      "delivered"};
  return kNames[static_cast<size_t>(stage)];
}

/// One value for each message, from when its reading arrived.
struct MessageLatency {
  std::array<LatencyHistogram, kNumMessageStages> stages;

  LatencyHistogram& at(MessageStage stage) { return stages[static_cast<size_t>(stage)]; }
  const LatencyHistogram& at(MessageStage stage) const {
    return stages[static_cast<size_t>(stage)];
  }
};

}  // namespace avocet
