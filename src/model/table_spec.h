// TableSpec: the columns of avocet's tables, as written to Delta.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/column_batch.h"

namespace avocet {

struct TableColumn {
  std::string name;
  ColumnType type = ColumnType::kString;
  std::string comment;
};

struct TableSpec {
  std::string schema;  ///< "raw", "processed", "analytics"
  std::string name;    ///< "sensor_readings"
  std::string description;
  std::vector<TableColumn> columns;            ///< without the partition columns
  std::vector<std::string> partition_columns;  ///< strings or dates, part of the table's schema
  std::vector<std::string> stats_columns;      ///< minimum and maximum per file
  std::vector<std::string> dictionary_columns;

  /// Folder below the lake root: "<catalog>/<schema>/<name>".
  std::string Path(std::string_view catalog) const;
  /// An empty batch with the table's columns.
  ColumnBatch MakeBatch() const;
};

/// A metric as the tables name it.
struct MetricColumn {
  std::string name;
  std::string unit;  ///< empty: none
};

TableSpec BronzeSpec();
TableSpec QuarantineSpec();
TableSpec SilverSpec(std::span<const MetricColumn> metrics, std::string_view window_suffix);
/// The two columns that one metric adds to silver.
std::vector<TableColumn> SilverMetricColumns(const MetricColumn& metric,
                                             std::string_view window_suffix);
TableSpec AnomaliesSpec();
TableSpec DeviceStatsSpec();

// Column positions, in the order of the specs.
namespace bronze {
enum : size_t {
  kDevice,
  kEventTime,
  kPayload,
  kSource,
  kPartition,
  kOffset,
  kReceivedAt,
  kEpoch,
  kSequence
};
}
namespace quarantine {
enum : size_t {
  kPayload,
  kCode,
  kMessage,
  kPosition,
  kFormat,
  kSource,
  kPartition,
  kOffset,
  kReceivedAt,
  kEpoch
};
}
namespace anomalies {
enum : size_t {
  kId,
  kDevice,
  kMetric,
  kEventTime,
  kValue,
  kExpected,
  kLower,
  kUpper,
  kScore,
  kSeverity,
  kDetector,
  kReason,
  kContributors,
  kSource,
  kPartition,
  kOffset
};
}
namespace device_stats {
enum : size_t { kDevice, kMetric, kHour, kCount, kMin, kMax, kMean, kStd, kAnomalies, kLate };
}

}  // namespace avocet
