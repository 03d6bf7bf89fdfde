// Acknowledgement: somebody looks after an alert; a row of the table alerts that no reading brought
// about.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/alert/alert_change.h"

namespace avocet {

struct Acknowledgement {
  int64_t entry = 0;  ///< of the log of operators
  int64_t at_us = 0;
  std::string actor;
  AlertChange seen;  ///< the newest change of the alert that was known then
};

/// The state in its row.
inline constexpr std::string_view kAcknowledgedState = "acknowledged";

}  // namespace avocet
