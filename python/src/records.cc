#include "python/src/records.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/decode/arrow_transcriber.h"
#include "src/engine/bronze_batches.h"
#include "src/source/records/record_splitter.h"
#include "src/state/device_table.h"

namespace avocet {
namespace {

using OnTick = std::function<Status(const RecordTick&)>;

// Bronze rows of an Arrow table, as BronzeBatch reads them. Absent columns have empty texts and
// offsets that count on.
class BronzeRows {
 public:
  static Result<BronzeRows> Make(const ArrowSchema& schema, const RecordOptions& options) {
    BronzeRows rows;
    AVOCET_ASSIGN_OR_RETURN(rows.columns_, ArrowColumnsOf(schema));
    AVOCET_ASSIGN_OR_RETURN(rows.payload_, NeedColumn(rows.columns_, options.payload_column));
    AVOCET_RETURN_IF_ERROR(rows.Expect(rows.payload_, ArrowKind::kText, "text"));
    if (!options.fleet_time_column.empty()) {
      AVOCET_ASSIGN_OR_RETURN(rows.fleet_time_,
                              NeedColumn(rows.columns_, options.fleet_time_column));
      AVOCET_RETURN_IF_ERROR(rows.Expect(*rows.fleet_time_, ArrowKind::kInt, "integers"));
    }
    const std::pair<const char*, std::optional<size_t>*> optional[] = {
        {"source", &rows.source_}, {"partition", &rows.partition_}, {"offset", &rows.offset_}};
    for (const auto& [name, place] : optional) {
      *place = FindColumn(rows.columns_, name);
      if (!place->has_value()) continue;
      const bool is_offset = place == &rows.offset_;
      AVOCET_RETURN_IF_ERROR(rows.Expect(**place, is_offset ? ArrowKind::kInt : ArrowKind::kText,
                                         is_offset ? "integers" : "text"));
    }
    return rows;
  }

  // `first_offset`: of the first row.
  void SetTable(const ArrowArray& table, int64_t first_offset) {
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].SetArray(*table.children[i]);
    shift_ = static_cast<size_t>(table.offset);
    first_offset_ = first_offset;
  }

  std::string_view Bytes(size_t column, size_t row) const {
    if (column == kBronzePayload) return TextOf(payload_, row);
    return TextOf(column == kBronzeSource ? source_ : partition_, row);
  }
  int64_t Int(size_t, size_t row) const {
    if (!offset_.has_value() || columns_[*offset_].IsNull(row + shift_)) {
      return first_offset_ + static_cast<int64_t>(row);
    }
    return columns_[*offset_].Int(row + shift_);
  }

  bool has_fleet_time() const { return fleet_time_.has_value(); }
  // kNoTime when null: nothing came before.
  int64_t FleetTime(size_t row) const {
    const ArrowColumn& column = columns_[*fleet_time_];
    return column.IsNull(row + shift_) ? kNoTime : column.Int(row + shift_);
  }

 private:
  Status Expect(size_t column, ArrowKind kind, const char* what) const {
    if (columns_[column].kind() == kind) return Status::Ok();
    return Status::Invalid("the column \"" + columns_[column].name() + "\" must hold " + what);
  }
  std::string_view TextOf(std::optional<size_t> column, size_t row) const {
    if (!column.has_value() || columns_[*column].IsNull(row + shift_)) return {};
    return columns_[*column].Text(row + shift_);
  }

  std::vector<ArrowColumn> columns_;
  size_t payload_ = 0;
  std::optional<size_t> source_, partition_, offset_, fleet_time_;
  size_t shift_ = 0;
  int64_t first_offset_ = 0;
};

// Calls `make` with the rows of each tick.
Result<int64_t> ForEachRange(ArrowInput* input, const RecordOptions& options,
                             const std::function<Status(const ArrowArray&, size_t begin, size_t end,
                                                        int64_t offset)>& make) {
  int64_t offset = options.first_offset;
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const ArrowArray* table, input->Next());
    if (table == nullptr) return offset - options.first_offset;
    const auto rows = static_cast<size_t>(table->length);
    for (size_t begin = 0; begin < rows; begin += options.tick_records) {
      const size_t end = std::min(rows, begin + options.tick_records);
      AVOCET_RETURN_IF_ERROR(make(*table, begin, end, offset + static_cast<int64_t>(begin)));
    }
    offset += table->length;
  }
}

// Calls `process` with the records of one payload, which has no more than 4 GiB.
Status ForEachSplitTick(const BronzeRows& rows, size_t row, const RecordOptions& options,
                        const OnTick& process) {
  // A copy, so that a parser may read beyond its end.
  const RawBatch whole = BronzeBatch(rows, row, row + 1);
  const SharedBytes& bytes = *whole.bytes;
  SplitOptions split;
  split.hint = FormatHint(whole.partition);
  SplitPosition start;
  start.offset = static_cast<uint64_t>(std::max<int64_t>(0, whole.records.front().offset));
  RecordSplitter splitter(split, start);
  for (size_t begin = 0; begin < bytes.size;) {
    RecordTick tick;
    RawBatch& batch = tick.batches.emplace_back();
    batch.source = whole.source;
    batch.partition = whole.partition;
    batch.bytes = whole.bytes;
    const RecordSplitter::Progress done =
        splitter.Split({bytes.data.get() + begin, bytes.size - begin}, begin, /*at_end=*/true,
                       {.max_records = options.tick_records}, &batch);
    begin += done.consumed;
    AVOCET_RETURN_IF_ERROR(process(tick));
    if (done.starved) break;
  }
  return Status::Ok();
}

}  // namespace

Result<int64_t> ForEachTick(ArrowInput* input, const SchemaConfig& schema,
                            const RecordOptions& options, const OnTick& process) {
  AVOCET_ASSIGN_OR_RETURN(const ArrowSchema* columns, input->Schema());
  if (options.payload_column.empty()) {
    AVOCET_ASSIGN_OR_RETURN(ArrowTranscriber transcriber, ArrowTranscriber::Make(*columns, schema));
    return ForEachRange(input, options,
                        [&](const ArrowArray& table, size_t begin, size_t end, int64_t offset) {
                          return process({{transcriber.Transcribe(table, begin, end, offset)}, {}});
                        });
  }
  AVOCET_ASSIGN_OR_RETURN(BronzeRows rows, BronzeRows::Make(*columns, options));
  return ForEachRange(input, options,
                      [&](const ArrowArray& table, size_t begin, size_t end, int64_t offset) {
                        rows.SetTable(table, offset - static_cast<int64_t>(begin));
                        for (size_t row = begin; options.splits_payload && row < end; ++row) {
                          AVOCET_RETURN_IF_ERROR(ForEachSplitTick(rows, row, options, process));
                        }
                        if (options.splits_payload) return Status::Ok();
                        RecordTick tick;
                        for (size_t row = begin; row < end;) {
                          const size_t next = EndOfBronzeRun(rows, row, end);
                          tick.batches.push_back(BronzeBatch(rows, row, next));
                          row = next;
                        }
                        for (size_t row = begin; rows.has_fleet_time() && row < end; ++row) {
                          tick.fleet_times_us.push_back(rows.FleetTime(row));
                        }
                        return process(tick);
                      });
}

}  // namespace avocet
