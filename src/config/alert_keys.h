// The keys of `alerts`.
#pragma once

#include <string>
#include <vector>

#include "src/config/alert_config.h"
#include "src/config/key_spec.h"

namespace avocet {

/// The section of the top level.
KeySpec AlertsSection();

/// An entry of alerts.rules, without its name; its struct is AlertRuleConfig.
const std::vector<KeySpec>& AlertRuleKeys();

/// What an entry of alerts.channels has beside its name and its type; the struct is
/// AlertChannelConfig.
const std::vector<KeySpec>& AlertChannelKeys();

/// A type of channel, the one other key of an entry of alerts.channels.
struct AlertChannelType {
  std::string name;
  std::string help;
  std::vector<KeySpec> keys;              ///< their struct is what `options` returns
  void (*make)(AlertChannelConfig*);      ///< sets default options of this type
  void* (*options)(AlertChannelConfig*);  ///< null when the channel is of another type
};

/// Every type of channel. A new one is one row here and one alternative of
/// AlertChannelConfig::options.
const std::vector<AlertChannelType>& AlertChannelTypes();

const AlertChannelType& TypeOf(const AlertChannelConfig& channel);

}  // namespace avocet
