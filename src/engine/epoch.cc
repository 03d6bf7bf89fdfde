#include "src/engine/epoch.h"

#include "src/base/check.h"

namespace avocet {
namespace {

// A long epoch of a slow stream has thousands of ticks. Closer ones count as one.
constexpr std::chrono::milliseconds kOneArrival{10};

void AppendOrNull(std::string_view text, Column* column) {
  if (text.empty()) {
    column->AppendNull();
  } else {
    column->AppendBytes(text);
  }
}

// What brought a row of the table alerts about.
struct AlertCause {
  std::string_view state;
  std::string_view reason;
  std::string_view actor = "avocet";
};

void AppendAlertRow(const AlertChange& change, const AlertCause& cause, ColumnBatch* rows) {
  ColumnBatch& out = *rows;
  const AlertFinding& strongest = change.strongest;
  out.column(alerts::kId).AppendBytes(change.id);
  out.column(alerts::kChange).AppendInt(change.number);
  out.column(alerts::kRule).AppendBytes(change.rule);
  AppendOrNull(change.device, &out.column(alerts::kDevice));
  AppendOrNull(change.metric, &out.column(alerts::kMetric));
  out.column(alerts::kState).AppendBytes(cause.state);
  out.column(alerts::kEventTime).AppendInt(change.event_time_us);
  out.column(alerts::kOpenedAt).AppendInt(change.opened_us);
  out.column(alerts::kSeverity).AppendBytes(AlertSeverityName(change.severity));
  out.column(alerts::kAnomalies).AppendInt(change.anomalies);
  out.column(alerts::kReason).AppendBytes(cause.reason);
  AppendOrNull(strongest.detector, &out.column(alerts::kDetector));
  out.column(alerts::kValue).AppendDouble(strongest.value);
  out.column(alerts::kExpected).AppendDouble(strongest.expected);
  out.column(alerts::kLower).AppendDouble(strongest.lower);
  out.column(alerts::kUpper).AppendDouble(strongest.upper);
  out.column(alerts::kScore).AppendDouble(strongest.score);
  AppendOrNull(strongest.anomaly_id, &out.column(alerts::kAnomalyId));
  out.column(alerts::kActor).AppendBytes(cause.actor);
}

}  // namespace

bool Epoch::Empty() const {
  for (const auto& batch : rows) {
    if (batch->rows() > 0) return false;
  }
  return !has_positions && new_silver_columns.empty();
}

size_t Epoch::Bytes() const {
  size_t total = 0;
  for (const auto& batch : rows) total += batch->size_bytes();
  return total;
}

void Epoch::AddArrival(const Arrival& arrival) {
  if (!arrivals.empty() && arrival.at - arrivals.back().at < kOneArrival) {
    arrivals.back().records += arrival.records;
  } else {
    arrivals.push_back(arrival);
  }
}

std::unique_ptr<Epoch> MakeEpoch(const TableLayout& layout, const std::vector<std::string>& metrics,
                                 int64_t number, int64_t first_sequence,
                                 std::unique_ptr<Epoch> spare) {
  auto epoch = std::make_unique<Epoch>();
  epoch->number = number;
  epoch->first_sequence = first_sequence;
  epoch->amended_stats = std::make_shared<ColumnBatch>(StatsKeys());
  epoch->amended_health = std::make_shared<ColumnBatch>(HealthKeys());
  epoch->silver = SilverLayout::Of(layout.spec(kSilver));
  for (size_t id = 0; id < kNumTables; ++id) {
    // Reused memory needs no page faults; a batch that is still lent out is not touched.
    if (spare != nullptr && spare->rows[id].use_count() == 1 &&
        (id != kSilver || spare->rows[id]->num_columns() == 3 + 2 * metrics.size())) {
      epoch->rows[id] = std::move(spare->rows[id]);
      epoch->rows[id]->Clear();
      continue;
    }
    epoch->rows[id] = std::make_shared<ColumnBatch>(layout.spec(id).MakeBatch());
    if (id != kSilver) continue;
    for (size_t m = epoch->silver.known; m < metrics.size(); ++m) {
      for (const TableColumn& column : layout.MetricColumns(metrics[m])) {
        epoch->rows[kSilver]->AddColumn(column.name, column.type);
      }
    }
  }
  return epoch;
}

void AppendBronze(const Piece& piece, int64_t received_us, int64_t* sequence, Epoch* epoch) {
  const ReadingBatch& readings = piece.readings;
  ColumnBatch& out = *epoch->rows[kBronze];
  for (size_t row = 0; row < readings.rows; ++row) {
    if (piece.fate[row] == RowFate::kDuplicate) continue;
    out.column(bronze::kDevice).AppendBytes(readings.device[row]);
    out.column(bronze::kEventTime).AppendInt(readings.event_time_us[row]);
    out.column(bronze::kPayload).AppendBytes(readings.payload[row]);
    out.column(bronze::kSource).AppendBytes(readings.source);
    out.column(bronze::kPartition).AppendBytes(readings.partition);
    out.column(bronze::kOffset).AppendInt(readings.offset[row]);
    out.column(bronze::kReceivedAt).AppendInt(received_us);
    out.column(bronze::kEpoch).AppendInt(epoch->number);
    out.column(bronze::kSequence).AppendInt((*sequence)++);
  }
}

void AppendSilver(const Piece& piece, Epoch* epoch) {
  const ReadingBatch& readings = piece.readings;
  ColumnBatch& out = *epoch->rows[kSilver];
  const size_t metrics = readings.metrics.size();
  AVOCET_CHECK(out.num_columns() == 3 + 2 * metrics);
  Column& late = out.column(epoch->silver.Late());
  for (size_t row = 0; row < readings.rows; ++row) {
    if (piece.fate[row] != RowFate::kKept) continue;
    out.column(0).AppendBytes(readings.device[row]);
    out.column(1).AppendInt(readings.event_time_us[row]);
    late.AppendInt(piece.late[row]);
  }
  for (size_t m = 0; m < metrics; ++m) {
    std::vector<double>& values = out.column(epoch->silver.Value(m)).doubles();
    std::vector<double>& means = out.column(epoch->silver.Mean(m)).doubles();
    for (size_t row = 0; row < readings.rows; ++row) {
      if (piece.fate[row] != RowFate::kKept) continue;
      values.push_back(readings.metrics[m][row]);
      means.push_back(piece.means[m][row]);
    }
  }
}

void AppendQuarantine(const std::vector<RejectedRecord>& rejected, int64_t received_us,
                      Epoch* epoch) {
  ColumnBatch& out = *epoch->rows[kQuarantine];
  for (const RejectedRecord& record : rejected) {
    out.column(quarantine::kPayload).AppendBytes(record.payload);
    out.column(quarantine::kCode).AppendBytes(record.code);
    out.column(quarantine::kMessage).AppendBytes(record.message);
    out.column(quarantine::kPosition).AppendInt(record.position);
    out.column(quarantine::kFormat).AppendBytes(record.format);
    out.column(quarantine::kSource).AppendBytes(record.source);
    out.column(quarantine::kPartition).AppendBytes(record.partition);
    out.column(quarantine::kOffset).AppendInt(record.offset);
    out.column(quarantine::kReceivedAt).AppendInt(received_us);
    out.column(quarantine::kEpoch).AppendInt(epoch->number);
  }
}

void AppendAlert(const AlertChange& change, Epoch* epoch) {
  AppendAlertRow(change, {.state = AlertStateName(change.state), .reason = change.reason},
                 epoch->rows[kAlerts].get());
}

void AppendAcknowledgement(const Acknowledgement& acknowledged, ColumnBatch* rows) {
  AlertChange change = acknowledged.seen;
  change.event_time_us = acknowledged.at_us;
  AppendAlertRow(change,
                 {.state = kAcknowledgedState,
                  .reason = "somebody looks after it",
                  .actor = acknowledged.actor},
                 rows);
}

}  // namespace avocet
