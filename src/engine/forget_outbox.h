// The part of forget that looks through the database of alerts.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/engine/device_trace.h"

namespace avocet {

/// Whether a row of the database names the device. What else has its letters becomes known to the
/// trace, so that the file's bytes can be searched.
Result<bool> IsInOutbox(const std::string& path, DeviceTrace* trace);

}  // namespace avocet
