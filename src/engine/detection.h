// Detection: what the detectors of a configuration make of every reading of its sources, without a
// lake.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

/// One valid reading of one metric, or a silence in which a reading was due. Borrows.
struct ScoredReading {
  std::string_view device;
  int64_t event_time_us = 0;
  std::string_view metric;                    ///< empty: the device as a whole
  double value = 0;                           ///< NaN: there is no reading
  double expected = 0, lower = 0, upper = 0;  ///< NaN: unknown
  double score = 0;                           ///< 1.0 = fires; of the detector that says most
  double severity = 0;                        ///< for ranking
  std::string_view type;                      ///< empty: ordinary
  bool onset = false;                         ///< an anomaly begins
};

struct DetectionReport {
  uint64_t received = 0;
  uint64_t quarantined = 0;  ///< and dropped by quality rules
  uint64_t duplicates = 0;
  uint64_t devices = 0;
  uint64_t values = 0;     ///< readings times their metrics
  uint64_t anomalies = 0;  ///< that begin
  std::string first_rejection;
};

/// Calls `on_reading` for each valid value in order of arrival (within a record in order of the
/// metrics), and for silences after the records that end them. Reads `config.sources` until their
/// end with the engine's own code; times may be in the future, as files have no clock. Stops at the
/// first error of `on_reading`.
Result<DetectionReport> Detect(const Config& config, Env* env,
                               const std::function<Status(const ScoredReading&)>& on_reading);

}  // namespace avocet
