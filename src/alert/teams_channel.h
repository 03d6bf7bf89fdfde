// The channel `teams`: Adaptive Cards through a webhook of Microsoft Teams.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"

namespace avocet {

/// `env` is borrowed.
std::unique_ptr<AlertChannel> MakeTeamsChannel(const TeamsChannelConfig& config, Env* env);

}  // namespace avocet
