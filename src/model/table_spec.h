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
  std::vector<std::string> ColumnNames() const;
};

/// A metric as the tables name it.
struct MetricColumn {
  std::string name;
  std::string unit;  ///< empty: none
};

TableSpec BronzeSpec();
TableSpec QuarantineSpec();
/// device_id, event_time, the values, the means, late.
TableSpec SilverSpec(std::span<const MetricColumn> metrics, std::string_view window_suffix);
/// The two columns that one metric adds to silver: value and mean. Metrics that appear later have
/// theirs behind all others, in pairs.
std::vector<TableColumn> SilverMetricColumns(const MetricColumn& metric,
                                             std::string_view window_suffix);
TableSpec AnomaliesSpec();
TableSpec DeviceStatsSpec();
TableSpec DeviceHealthSpec();
TableSpec AlertsSpec();
/// The key columns of device_stats, for rows to replace. The hour is the last one.
ColumnBatch StatsKeys();
/// Those of device_health.
ColumnBatch HealthKeys();

/// Positions of silver's columns when `known` metrics were configured and others came later.
struct SilverLayout {
  size_t known = 0;
  static SilverLayout Of(const TableSpec& spec) { return {(spec.columns.size() - 3) / 2}; }
  size_t Value(size_t metric) const { return metric < known ? 2 + metric : 3 + 2 * metric; }
  size_t Mean(size_t metric) const { return metric < known ? 2 + known + metric : 4 + 2 * metric; }
  size_t Late() const { return 2 + 2 * known; }
};

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
  kType,
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
namespace device_health {
enum : size_t {
  kDevice,
  kHour,
  kUntil,
  kHealth,
  kAvailability,
  kFreshness,
  kQuality,
  kAnomalyShare,
  kDrift,
  kDriftMetric,
  kReadings,
  kExpected,
  kLate,
  kInvalid,
  kAnomalies,
  kReason
};
}
namespace alerts {
enum : size_t {
  kId,
  kChange,
  kRule,
  kDevice,
  kMetric,
  kState,
  kEventTime,
  kOpenedAt,
  kSeverity,
  kAnomalies,
  kReason,
  kDetector,
  kValue,
  kExpected,
  kLower,
  kUpper,
  kScore,
  kAnomalyId,
  kActor
};
}

}  // namespace avocet
