// What `auto` says to people about an anomaly.
#pragma once

#include <string>
#include <string_view>

#include "src/detect/detector.h"

namespace avocet::auto_detect {

/// One sentence without a full stop. `metric_label` is for example "temperature (degC)".
std::string Sentence(const Anomaly& anomaly, std::string_view metric_label);

}  // namespace avocet::auto_detect
