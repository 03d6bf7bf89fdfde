// The channel `log`: alerts in avocet's own log.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"

namespace avocet {

std::unique_ptr<AlertChannel> MakeLogChannel();

}  // namespace avocet
