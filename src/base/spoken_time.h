// Times and durations as people say them, where a microsecond does not matter.
#pragma once

#include <cstdint>
#include <string>

namespace avocet {

/// To the nearest second: "2021-06-15T18:28:26Z".
std::string SpokenTime(int64_t micros_utc);

/// To what matters in so long a time: "850ms", "9s500ms", "43m50s", "5h12m", "3d4h".
std::string SpokenDuration(int64_t micros);

}  // namespace avocet
