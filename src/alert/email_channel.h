// The channel `email`: one mail per change, those of an alert in one thread.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"

namespace avocet {

/// `env` is borrowed.
std::unique_ptr<AlertChannel> MakeEmailChannel(const EmailChannelConfig& config, Env* env);

/// The mail with its headers, lines ending in CRLF.
std::string MailText(const AlertMessage& message, const EmailChannelConfig& config,
                     const std::string& id, int64_t now_us);

}  // namespace avocet
