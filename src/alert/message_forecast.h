// MessageForecast: how many messages channels would have sent about changes of the past.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/alert/operator_log.h"
#include "src/config/alert_config.h"

namespace avocet {

struct ChannelForecast {
  std::string channel;
  int64_t messages = 0;  ///< about one change each
  int64_t digests = 0;
  int64_t digested = 0;  ///< changes in digests
  int64_t silenced = 0;  ///< changes that a mute keeps from being sent
};

/// One for each channel of the configuration, by the rules of the notifier with event time for the
/// clock and receivers that take everything at once. `changes` are in order of event time; mutes
/// hold as they did then. `devices` has the labels.
std::vector<ChannelForecast> ForecastMessages(const AlertsConfig& config,
                                              const DevicesConfig& devices,
                                              std::span<const AlertChange> changes,
                                              const std::vector<Mute>& mutes);

}  // namespace avocet
