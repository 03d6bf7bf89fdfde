#include "src/model/table_spec.h"

namespace avocet {
namespace {

TableColumn Text(std::string name, std::string comment) {
  return {std::move(name), ColumnType::kString, std::move(comment)};
}
TableColumn Integer(std::string name, std::string comment) {
  return {std::move(name), ColumnType::kInt64, std::move(comment)};
}
TableColumn Number(std::string name, std::string comment) {
  return {std::move(name), ColumnType::kDouble, std::move(comment)};
}
TableColumn Time(std::string name, std::string comment) {
  return {std::move(name), ColumnType::kTimestamp, std::move(comment)};
}

}  // namespace

std::string TableSpec::Path(std::string_view catalog) const {
  std::string path(catalog);
  return path.append("/").append(schema).append("/").append(name);
}

ColumnBatch TableSpec::MakeBatch() const {
  ColumnBatch batch;
  for (const TableColumn& column : columns) batch.AddColumn(column.name, column.type);
  return batch;
}

std::vector<std::string> TableSpec::ColumnNames() const {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const TableColumn& column : columns) names.push_back(column.name);
  return names;
}

TableSpec BronzeSpec() {
  return {.schema = "raw",
          .name = "sensor_readings",
          .description = "Every accepted record in arrival order, with the position it came from",
          .columns = {Text("device_id", "device identifier"),
                      Time("event_time", "when the device measured, UTC"),
                      Text("payload", "the record as it arrived; CSV rows as a JSON object"),
                      Text("source", "name of the source in the configuration"),
                      Text("partition", "file, topic partition or shard of the source"),
                      Integer("offset", "position within the partition"),
                      Time("received_at", "when avocet took the record"),
                      Integer("epoch", "commit that made the record visible"),
                      Integer("sequence", "arrival order over all sources")},
          .partition_columns = {"date"},
          .stats_columns = {"event_time", "epoch", "sequence"},
          .dictionary_columns = {"device_id", "source", "partition"}};
}

TableSpec QuarantineSpec() {
  return {.schema = "raw",
          .name = "quarantine",
          .description = "Records that were not accepted, and why",
          .columns = {{"payload", ColumnType::kBinary, "raw bytes"},
                      Text("code", "stable word for the reason"),
                      Text("message", "the reason in one sentence"),
                      Integer("position", "byte position of the problem within the record"),
                      Text("format", "how the payload is read: json, or csv: and the header line"),
                      Text("source", "name of the source in the configuration"),
                      Text("partition", "file, topic partition or shard of the source"),
                      Integer("offset", "position within the partition"),
                      Time("received_at", "when avocet took the record"),
                      Integer("epoch", "commit that made the row visible")},
          .partition_columns = {},
          .stats_columns = {"received_at", "epoch"},
          .dictionary_columns = {"code", "source", "partition"}};
}

std::vector<TableColumn> SilverMetricColumns(const MetricColumn& metric,
                                             std::string_view window_suffix) {
  const std::string unit = metric.unit.empty() ? "" : " (" + metric.unit + ")";
  const std::string suffix(window_suffix);
  return {Number(metric.name, metric.name + unit),
          Number(metric.name + "_avg_" + suffix,
                 "mean of " + metric.name + unit + " over the last " + suffix + " of event time")};
}

TableSpec SilverSpec(std::span<const MetricColumn> metrics, std::string_view window_suffix) {
  TableSpec spec{.schema = "processed",
                 .name = "valid_readings",
                 .description = "Typed, valid readings with rolling means",
                 .columns = {Text("device_id", "device identifier"),
                             Time("event_time", "when the device measured, UTC")},
                 .partition_columns = {},
                 .stats_columns = {"device_id", "event_time"},
                 .dictionary_columns = {"device_id"}};
  for (const size_t part : {0, 1}) {
    for (const MetricColumn& metric : metrics) {
      spec.columns.push_back(SilverMetricColumns(metric, window_suffix)[part]);
    }
  }
  spec.columns.push_back({"late", ColumnType::kBool, "older than the device's newest reading"});
  return spec;
}

TableSpec AnomaliesSpec() {
  return {
      .schema = "analytics",
      .name = "anomalies",
      .description = "Anomalies, each with what was expected and why it was flagged",
      .columns = {Text("id", "hash of device, metric, detector and event time"),
                  Text("device_id", "device identifier"),
                  Text("metric", "metric, null for the device as a whole"),
                  Time("event_time", "when it happened, UTC"), Number("value", "what was measured"),
                  Number("expected", "what the detector expected"),
                  Number("lower", "lower end of the expected band"),
                  Number("upper", "upper end of the expected band"),
                  Number("score", "1.0 fires; the higher, the stranger"),
                  Text("severity", "info, warning or critical"),
                  Text("detector", "name of the detector in the configuration"),
                  Text("type", "what kind of anomaly, in one word"),
                  Text("reason", "why, in one sentence"),
                  Text("contributors", "JSON object of metrics and signals and their shares"),
                  Text("source", "source of the bronze record"),
                  Text("partition", "partition of the bronze record"),
                  Integer("offset", "position of the bronze record")},
      .partition_columns = {},
      .stats_columns = {"device_id", "event_time"},
      .dictionary_columns = {"device_id", "metric", "severity", "detector", "type", "source",
                             "partition"}};
}

TableSpec DeviceStatsSpec() {
  return {.schema = "analytics",
          .name = "device_stats",
          .description = "One row per device, metric and hour",
          .columns = {Text("device_id", "device identifier"), Text("metric", "metric"),
                      Time("hour", "start of the hour, UTC"), Integer("count", "valid readings"),
                      Number("min", "smallest value"), Number("max", "largest value"),
                      Number("mean", "mean"), Number("std", "sample standard deviation"),
                      Integer("anomalies", "anomalies in the hour"),
                      Integer("late", "late readings among the count")},
          .partition_columns = {},
          .stats_columns = {"device_id", "hour"},
          .dictionary_columns = {"device_id", "metric"}};
}

TableSpec DeviceHealthSpec() {
  return {
      .schema = "analytics",
      .name = "device_health",
      .description =
          "One row per device and hour: how well the device is, and why it is not better",
      .columns = {Text("device_id", "device identifier"), Time("hour", "start of the hour, UTC"),
                  Time("until",
                       "up to where the row tells of it: its end, or where the stream "
                       "ended, UTC"),
                  Number("health", "0 to 100, made of the five shares that follow"),
                  Number("availability", "readings that came, of those expected, 0 to 1"),
                  Number("freshness", "share of the time with a recent reading, 0 to 1"),
                  Number("quality", "readings that broke no quality rule, 0 to 1"),
                  Number("anomaly_share", "share of the time with an anomaly, 0 to 1"),
                  Number("drift", "how far a metric has left its level, 0 (as usual) to 1"),
                  Text("drift_metric", "the metric that has moved furthest"),
                  Integer("readings", "readings, also those that quality rules dropped"),
                  Integer("expected", "readings expected at the device's usual pace"),
                  Integer("late", "late readings among them"),
                  Integer("invalid", "readings that broke a quality rule"),
                  Integer("anomalies", "anomalies in the hour"),
                  Text("reason", "what takes most of the health away, in one sentence")},
      .partition_columns = {},
      .stats_columns = {"device_id", "hour"},
      .dictionary_columns = {"device_id", "drift_metric", "reason"}};
}

TableSpec AlertsSpec() {
  return {.schema = "analytics",
          .name = "alerts",
          .description =
              "Every change of an alert's state; columns from detector to anomaly_id "
              "are of its strongest anomaly so far",
          .columns = {Text("id", "the alert, the same from pending to cleared"),
                      Integer("change",
                              "number of the change within the alert, from 0; of an "
                              "acknowledgement, the change that was acknowledged"),
                      Text("rule", "name of the rule in the configuration"),
                      Text("device_id", "device identifier, null for the whole fleet"),
                      Text("metric", "metric, null for the device as a whole"),
                      Text("state", "pending, firing, flapping, acknowledged or cleared"),
                      Time("event_time", "when the state changed, UTC"),
                      Time("opened_at", "when its first anomaly happened, UTC"),
                      Text("severity", "highest so far: info, warning or critical"),
                      Integer("anomalies", "anomalies so far"),
                      Text("reason", "why the state changed, in one sentence"),
                      Text("detector", "name of the detector in the configuration"),
                      Number("value", "what was measured, or counted"),
                      Number("expected", "what was expected"),
                      Number("lower", "lower end of the expected band"),
                      Number("upper", "upper end of the expected band"),
                      Number("score", "1.0 fires; the higher, the stranger"),
                      Text("anomaly_id", "row of the table anomalies"),
                      Text("actor", "who changed it: avocet, or who acknowledged it")},
          .partition_columns = {},
          .stats_columns = {"device_id", "event_time"},
          .dictionary_columns = {"rule", "device_id", "metric", "state", "severity", "detector",
                                 "actor"}};
}

ColumnBatch StatsKeys() {
  ColumnBatch batch;
  batch.AddColumn("device_id", ColumnType::kString);
  batch.AddColumn("metric", ColumnType::kString);
  batch.AddColumn("hour", ColumnType::kTimestamp);
  return batch;
}

ColumnBatch HealthKeys() {
  ColumnBatch batch;
  batch.AddColumn("device_id", ColumnType::kString);
  batch.AddColumn("hour", ColumnType::kTimestamp);
  return batch;
}

}  // namespace avocet
