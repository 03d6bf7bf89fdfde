#include "src/engine/alert_rows.h"

#include <string>
#include <vector>

#include "src/base/time_format.h"
#include "src/engine/table_scan.h"
#include "src/model/table_spec.h"

namespace avocet {
namespace {

template <typename Enum>
Status ParseWord(std::string_view word, std::string_view (*name)(Enum), Enum last, Enum* out) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    *out = static_cast<Enum>(i);
    if (name(*out) == word) return Status::Ok();
  }
  return Status::Corrupt("the table alerts has the unknown word " + std::string(word));
}

bool IsAcknowledgement(const RecordBatchView& rows, size_t row) {
  return rows.Bytes(alerts::kState, row) == kAcknowledgedState;
}

Result<AlertChange> ChangeOf(const RecordBatchView& rows, size_t row) {
  const auto text = [&](size_t column) {
    return rows.IsNull(column, row) ? std::string() : std::string(rows.Bytes(column, row));
  };
  AlertChange change;
  change.id = text(alerts::kId);
  change.number = rows.Int(alerts::kChange, row);
  change.rule = text(alerts::kRule);
  change.device = text(alerts::kDevice);
  change.metric = text(alerts::kMetric);
  if (!IsAcknowledgement(rows, row)) {
    AVOCET_RETURN_IF_ERROR(
        ParseWord(text(alerts::kState), AlertStateName, AlertState::kCleared, &change.state));
  }
  change.event_time_us = rows.Int(alerts::kEventTime, row);
  change.opened_us = rows.Int(alerts::kOpenedAt, row);
  AVOCET_RETURN_IF_ERROR(ParseWord(text(alerts::kSeverity), AlertSeverityName,
                                   AlertSeverity::kCritical, &change.severity));
  change.anomalies = rows.Int(alerts::kAnomalies, row);
  change.reason = text(alerts::kReason);
  change.strongest = {.anomaly_id = text(alerts::kAnomalyId),
                      .detector = text(alerts::kDetector),
                      .reason = {},
                      .severity = change.severity,
                      .value = rows.Double(alerts::kValue, row),
                      .expected = rows.Double(alerts::kExpected, row),
                      .lower = rows.Double(alerts::kLower, row),
                      .upper = rows.Double(alerts::kUpper, row),
                      .score = rows.Double(alerts::kScore, row)};
  return change;
}

Status ForEachRow(Table* table, int64_t from_us,
                  const std::function<Status(const RecordBatchView&, size_t)>& on_row) {
  const std::vector<std::string> columns = AlertsSpec().ColumnNames();
  AVOCET_ASSIGN_OR_RETURN(const auto files, table->Files());
  for (const TableFile& file : files) {
    if (!MayHoldTimes(file, from_us, INT64_MAX)) continue;
    AVOCET_ASSIGN_OR_RETURN(const auto reader, table->Read(file.path, columns));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* rows, reader->Next());
      if (rows == nullptr) break;
      for (size_t row = 0; row < rows->rows(); ++row) {
        if (rows->Int(alerts::kEventTime, row) < from_us) continue;
        AVOCET_RETURN_IF_ERROR(on_row(*rows, row));
      }
    }
  }
  return Status::Ok();
}

}  // namespace

void WriteAlertRow(const AlertChange& change, JsonWriter* json) {
  const AlertFinding& strongest = change.strongest;
  json->BeginObject().Field("id", change.id).Field("change", change.number);
  json->Field("rule", change.rule);
  json->FieldOrNull("device_id", change.device);
  json->FieldOrNull("metric", change.metric);
  json->Field("state", AlertStateName(change.state));
  json->Field("event_time", FormatTimestamp(change.event_time_us));
  json->Field("opened_at", FormatTimestamp(change.opened_us));
  json->Field("severity", AlertSeverityName(change.severity));
  json->Field("anomalies", change.anomalies).Field("reason", change.reason);
  json->FieldOrNull("detector", strongest.detector);
  json->Field("value", strongest.value).Field("expected", strongest.expected);
  json->Field("lower", strongest.lower).Field("upper", strongest.upper);
  json->Field("score", strongest.score);
  json->FieldOrNull("anomaly_id", strongest.anomaly_id);
  json->Field("actor", "avocet").EndObject();
}

Status ReadAlerts(Table* table, int64_t from_us,
                  const std::function<void(AlertChange)>& on_change) {
  return ForEachRow(table, from_us, [&](const RecordBatchView& rows, size_t row) -> Status {
    if (IsAcknowledgement(rows, row)) return Status::Ok();
    AVOCET_ASSIGN_OR_RETURN(AlertChange change, ChangeOf(rows, row));
    on_change(std::move(change));
    return Status::Ok();
  });
}

Status ReadAcknowledgements(Table* table,
                            const std::function<void(Acknowledgement)>& on_acknowledgement) {
  return ForEachRow(table, INT64_MIN, [&](const RecordBatchView& rows, size_t row) -> Status {
    if (!IsAcknowledgement(rows, row)) return Status::Ok();
    AVOCET_ASSIGN_OR_RETURN(AlertChange seen, ChangeOf(rows, row));
    on_acknowledgement({.entry = 0,
                        .at_us = seen.event_time_us,
                        .actor = std::string(rows.Bytes(alerts::kActor, row)),
                        .seen = std::move(seen)});
    return Status::Ok();
  });
}

}  // namespace avocet
