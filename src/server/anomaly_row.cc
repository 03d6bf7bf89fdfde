#include "src/server/anomaly_row.h"

#include "src/base/ascii.h"
#include "src/base/time_format.h"
#include "src/config/device_labels.h"
#include "src/model/table_spec.h"
#include "src/server/csv_text.h"

namespace avocet {
namespace {

// A metric and a position may be null, which an empty text and a missing offset stand for.
int64_t OffsetAt(const ColumnBatch& batch, size_t row) {
  const bool has_position = !batch.column(anomalies::kSource).BytesAt(row).empty();
  return has_position ? batch.column(anomalies::kOffset).ints()[row] : -1;
}

}  // namespace

AnomalyRow AnomalyAt(const ColumnBatch& batch, size_t row) {
  const auto text = [&](size_t column) { return std::string(batch.column(column).BytesAt(row)); };
  const auto number = [&](size_t column) { return batch.column(column).doubles()[row]; };
  return {.id = text(anomalies::kId),
          .device = text(anomalies::kDevice),
          .metric = text(anomalies::kMetric),
          .event_time_us = batch.column(anomalies::kEventTime).ints()[row],
          .value = number(anomalies::kValue),
          .expected = number(anomalies::kExpected),
          .lower = number(anomalies::kLower),
          .upper = number(anomalies::kUpper),
          .score = number(anomalies::kScore),
          .severity = text(anomalies::kSeverity),
          .detector = text(anomalies::kDetector),
          .type = text(anomalies::kType),
          .reason = text(anomalies::kReason),
          .contributors = text(anomalies::kContributors),
          .source = text(anomalies::kSource),
          .partition = text(anomalies::kPartition),
          .offset = OffsetAt(batch, row)};
}

void WriteAnomaly(const AnomalyRow& row, JsonWriter* json) {
  json->BeginObject().Field("id", row.id).Field("device", row.device).Key("metric");
  if (row.metric.empty()) {
    json->Null();
  } else {
    json->String(row.metric);
  }
  json->Field("time_us", row.event_time_us).Field("value", row.value);
  json->Field("expected", row.expected).Field("lower", row.lower).Field("upper", row.upper);
  json->Field("score", row.score).Field("severity", row.severity).Field("detector", row.detector);
  json->Field("type", row.type);
  json->Field("reason", row.reason).Key("contributors");
  if (row.contributors.empty()) {
    json->Null();
  } else {
    json->Raw(row.contributors);
  }
  json->Key("position");
  if (row.source.empty()) {
    json->Null();
  } else {
    json->BeginObject().Field("source", row.source).Field("partition", row.partition);
    json->Field("offset", row.offset).EndObject();
  }
  json->EndObject();
}

std::string AnomalyCsvHeader() {
  return "id,device,metric,time,severity,score,value,expected,lower,upper,detector,type,reason\r\n";
}

std::string AnomalyCsv(const AnomalyRow& row) {
  return row.id + "," + CsvText(row.device) + "," + CsvText(row.metric) + "," +
         FormatTimestamp(row.event_time_us) + "," + row.severity + "," + CsvNumber(row.score) +
         "," + CsvNumber(row.value) + "," + CsvNumber(row.expected) + "," + CsvNumber(row.lower) +
         "," + CsvNumber(row.upper) + "," + CsvText(row.detector) + "," + CsvText(row.type) + "," +
         CsvText(row.reason) + "\r\n";
}

bool AnomalyFilter::Matches(const AnomalyRow& row) const {
  const auto is = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || wanted == value;
  };
  return row.event_time_us >= from_us && row.event_time_us < to_us && is(device, row.device) &&
         is(metric, row.metric) && is(severity, row.severity) && is(detector, row.detector) &&
         is(type, row.type) && is(id, row.id) &&
         (text.empty() || ContainsIgnoringCase(row.device, text) ||
          ContainsIgnoringCase(row.reason, text)) &&
         (labels.empty() || FitLabels(labels, LabelsOf(*devices, row.device)));
}

}  // namespace avocet
