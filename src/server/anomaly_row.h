// AnomalyRow: a row of the table of anomalies as a value.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/json_writer.h"
#include "src/config/device_config.h"
#include "src/model/column_batch.h"

namespace avocet {

struct AnomalyRow {
  std::string id;
  std::string device;
  std::string metric;  ///< empty: the device as a whole
  int64_t event_time_us = 0;
  double value = 0, expected = 0, lower = 0, upper = 0;  ///< NaN: none
  double score = 0;
  std::string severity;
  std::string detector;
  std::string type;  ///< what happened in a word, as "spike"
  std::string reason;
  std::string contributors;       ///< JSON, as ContributorsJson writes it; empty: none
  std::string source, partition;  ///< of the bronze record; empty: there is none
  int64_t offset = -1;            ///< -1: there is none
};

/// REQUIRES: `batch` has the columns of AnomaliesSpec.
AnomalyRow AnomalyAt(const ColumnBatch& batch, size_t row);

void WriteAnomaly(const AnomalyRow& row, JsonWriter* json);

/// One line of CSV, with its line end. Texts that a spreadsheet would take for a formula get a
/// leading apostrophe.
std::string AnomalyCsvHeader();
std::string AnomalyCsv(const AnomalyRow& row);

/// Which anomalies are wanted.
struct AnomalyFilter {
  int64_t from_us = INT64_MIN;                           ///< event time, inclusive
  int64_t to_us = INT64_MAX;                             ///< exclusive
  std::string device, metric, severity, detector, type;  ///< empty: any
  std::string text;                                      ///< in device or reason, in any case
  std::string id;                                        ///< empty: any
  Labels labels;                                         ///< patterns that those of its device fit
  const DevicesConfig* devices = nullptr;                ///< has the labels; not null with `labels`

  bool Matches(const AnomalyRow& row) const;
};

}  // namespace avocet
