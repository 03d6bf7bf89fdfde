// The channel `webhook`: alerts as JSON, or as a template says, posted to an HTTP server.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"

namespace avocet {

/// `env` is borrowed.
std::unique_ptr<AlertChannel> MakeWebhookChannel(const WebhookChannelConfig& config, Env* env);

}  // namespace avocet
