// DetectionRun: what the detectors of a configuration make of every reading of some records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/embedded_engine.h"
#include "src/env/env.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// Records of a tick. Fixed, as silences are reported at the end of the tick in which they become
/// known.
inline constexpr size_t kDetectionTickRecords = 4096;

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

using OnScored = std::function<Status(const ScoredReading&)>;

/// Used by one thread at a time.
class DetectionRun {
 public:
  /// `on_reading` is called for each valid value in order of arrival (within a record in order of
  /// the metrics), and for silences after the records that end them. `env` is borrowed.
  DetectionRun(Config config, Env* env, OnScored on_reading);
  ~DetectionRun();

  /// One tick; times may be in the future, as files have no clock. Returns the first error of
  /// `on_reading`, after which the run is over.
  Status Process(const std::vector<RawBatch>& batches);

  /// What has been processed so far.
  DetectionReport Report() const;

 private:
  class Collector;
  DetectionReport report_;
  std::unique_ptr<Collector> collector_;
  EmbeddedEngine engine_;
};

}  // namespace avocet
