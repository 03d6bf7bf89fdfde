// DetectionFindings: what detectors found in some records, counted, and drawn in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/cli/series_sketch.h"
#include "src/engine/detection_run.h"

namespace avocet {

/// An anomaly that begins. NaN: unknown.
struct FoundAnomaly {
  std::string device, metric;  ///< an empty metric is the device as a whole
  int64_t event_time_us = 0;
  double value = 0;  ///< NaN: a reading was due and did not come
  double expected = 0, lower = 0, upper = 0;
  double score = 0;
  std::string type;
};

/// What was found of one metric of all devices.
struct MetricFindings {
  uint64_t values = 0;
  uint64_t anomalies = 0;
  std::map<std::string, uint64_t> types;
  FoundAnomaly strangest;  ///< when there are anomalies
};

/// One metric of one device.
struct SeriesFindings {
  static constexpr size_t kMostAnomalies = 200;

  SeriesSketch sketch;
  uint64_t anomalies = 0;
  std::vector<FoundAnomaly> strongest;  ///< at most kMostAnomalies; in no order
};

class DetectionFindings {
 public:
  /// Series that are drawn; more are counted all the same.
  static constexpr size_t kMostSeries = 1'000;

  using SeriesKey = std::pair<std::string, std::string>;  ///< metric, device

  void Add(const ScoredReading& reading);

  uint64_t anomalies() const { return anomalies_; }
  int64_t first_us() const { return first_us_; }
  int64_t last_us() const { return last_us_; }
  const std::map<std::string, MetricFindings>& metrics() const { return metrics_; }
  const std::map<SeriesKey, SeriesFindings>& series() const { return series_; }
  bool has_all_series() const { return !left_out_; }

  /// Anomalies of one device in one day of readings; NaN when nothing was read for a while.
  double PerDeviceDay() const;

 private:
  struct Span {
    int64_t first_us = 0, last_us = 0;
  };

  void AddAnomaly(const ScoredReading& reading, SeriesFindings* series);

  uint64_t anomalies_ = 0;
  int64_t first_us_ = 0, last_us_ = 0;
  bool left_out_ = false;
  std::map<std::string, MetricFindings> metrics_;
  std::map<SeriesKey, SeriesFindings> series_;
  std::map<std::string, Span> devices_;
};

/// The names of the detectors of a configuration, with commas.
std::string DetectorNames(const Config& config);

/// "4 spike, 2 drift": the most frequent first.
std::string TypesText(const std::map<std::string, uint64_t>& types);

/// "93.2, expected 60.1 to 71.9"; "no reading" where one was due.
std::string FoundText(const FoundAnomaly& anomaly);

}  // namespace avocet
