// Which of the alerts that wait for a channel go out together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/config/alert_config.h"

namespace avocet {

/// Alerts in one digest.
inline constexpr size_t kMostInDigest = 1'000;
/// More than so many messages at once are a digest even when there is budget: nobody reads them
/// one by one.
inline constexpr size_t kMostAlone = 5;

/// What the alerts of a group have in common, in words: "rule heat, site north". Empty when the
/// channel groups nothing. `devices` has the labels.
std::string GroupOf(const AlertChannelConfig& channel, const AlertChange& change,
                    const DevicesConfig& devices);

/// Where more messages would name a device than may, all that waits about it becomes one group.
/// `groups` is as of PlanMessage, `devices` has the device of each entry, and `budget` says how
/// many messages may name a device now.
void GroupBeyondBudget(std::span<const std::string> devices,
                       const std::function<int64_t(const std::string& device)>& budget,
                       std::vector<std::string>* groups);

/// The next message of a channel.
struct NextMessage {
  std::vector<size_t> entries;  ///< of those that wait, ascending
  bool is_digest = false;
  bool is_mixed = false;  ///< of a digest: not of one group
};

/// `groups` has what GroupOf says of each entry that waits, oldest first; `budget` is how many
/// messages may be sent now. REQUIRES: something waits, and budget >= 1.
NextMessage PlanMessage(std::span<const std::string> groups, int64_t budget);

}  // namespace avocet
