// The channel `slack`: Block Kit messages through an incoming webhook, or as a bot, which updates
// its message when the alert changes.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"

namespace avocet {

/// `env` is borrowed.
std::unique_ptr<AlertChannel> MakeSlackChannel(const SlackChannelConfig& config, Env* env);

/// The blocks and the fallback text of a message, as members of a JSON object without its braces.
std::string SlackContent(const AlertMessage& message);

}  // namespace avocet
