// The channel `pagerduty`: incidents through the Events API v2.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"

namespace avocet {

/// `env` is borrowed.
std::unique_ptr<AlertChannel> MakePagerDutyChannel(const PagerDutyChannelConfig& config, Env* env);

}  // namespace avocet
