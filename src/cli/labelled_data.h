// Reading what is compared by `score`: alarms, and the truth about faults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/cli/fault_score.h"
#include "src/config/config.h"

namespace avocet {

/// A file with the columns device_id and event_time, and possibly metric, detector and onset (rows
/// with onset false are readings, no alarms): CSV, JSON, or Parquet when its name ends in .parquet.
/// The output of `detect` is such a file. kNotFound, kIo, kCorrupt; kInvalid without these columns.
Result<AlarmData> ReadAlarmFile(const std::string& path);

/// The table of anomalies of the configuration's lake; devices were watched as long as their
/// statistics of hours say.
Result<AlarmData> ReadAlarmsOfLake(const Config& config);

/// The truth file of `simulate`, CSV or NDJSON with device_id, metric, fault, start, end (metric
/// and fault may be missing or empty), or JSON of windows by file as the Numenta Anomaly Benchmark
/// has them.
Result<std::vector<TruthWindow>> ReadTruthFile(const std::string& path);

}  // namespace avocet
