// How every detector begins its snapshot: layout tag, layout parameter, metrics.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/state/state_io.h"

namespace avocet {

/// kCorrupt: "the detector state does not fit: <what>".
Status StateDoesNotFit(std::string_view what);

void SaveHeader(StateWriter* out, std::string_view tag, uint64_t layout,
                std::span<const uint16_t> metrics);

/// Reads what SaveHeader wrote and counts the metrics. kCorrupt unless tag and layout are the same
/// and the saved metrics are the first ones of `metrics`: more may have appeared since.
Result<size_t> LoadHeader(StateReader* in, std::string_view tag, uint64_t layout,
                          std::span<const uint16_t> metrics);

}  // namespace avocet
