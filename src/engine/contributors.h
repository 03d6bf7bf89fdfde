// The contributors of an anomaly as they are in its row: which metrics and signals, and how much.
#pragma once

#include <span>
#include <string>

#include "src/detect/detector.h"

namespace avocet {

/// `{"metrics":{"temperature":0.8,"humidity":0.2},"signals":{"level":1}}`, shares of 1 with two
/// decimals, largest first; empty when the detector names none.
std::string ContributorsJson(const Anomaly& anomaly, std::span<const std::string> metrics);

}  // namespace avocet
