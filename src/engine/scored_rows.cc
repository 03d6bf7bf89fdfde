#include "src/engine/scored_rows.h"

#include <string_view>

namespace avocet {

TableSpec ScoredSpec() {
  return {.schema = {},
          .name = "scored",
          .description = {},
          .columns = {{"device_id", ColumnType::kString, {}},
                      {"event_time", ColumnType::kTimestamp, {}},
                      {"metric", ColumnType::kString, {}},
                      {"value", ColumnType::kDouble, {}},
                      {"expected", ColumnType::kDouble, {}},
                      {"lower", ColumnType::kDouble, {}},
                      {"upper", ColumnType::kDouble, {}},
                      {"score", ColumnType::kDouble, {}},
                      {"severity", ColumnType::kDouble, {}},
                      {"type", ColumnType::kString, {}},
                      {"onset", ColumnType::kBool, {}}},
          .partition_columns = {},
          .stats_columns = {"event_time"},
          .dictionary_columns = {"device_id", "metric", "type"}};
}

void AppendScored(const ScoredReading& reading, ColumnBatch* out) {
  size_t next = 0;
  const auto text = [&](std::string_view value) {
    Column& column = out->column(next++);
    if (value.empty()) {
      column.AppendNull();
    } else {
      column.AppendBytes(value);
    }
  };
  text(reading.device);
  out->column(next++).AppendInt(reading.event_time_us);
  text(reading.metric);
  for (const double number : {reading.value, reading.expected, reading.lower, reading.upper,
                              reading.score, reading.severity}) {
    out->column(next++).AppendDouble(number);
  }
  text(reading.type);
  out->column(next++).AppendInt(reading.onset ? 1 : 0);
}

}  // namespace avocet
