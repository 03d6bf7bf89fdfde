#include "src/engine/quarantine_rows.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace avocet {
namespace {

const std::vector<std::string> kColumns = {"payload",     "code",   "message",   "position",
                                           "format",      "source", "partition", "offset",
                                           "received_at", "epoch"};
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

std::string_view Text(const RecordBatchView& rows, size_t column, size_t row) {
  return rows.IsNull(column, row) ? std::string_view() : rows.Bytes(column, row);
}

int64_t Number(const RecordBatchView& rows, size_t column, size_t row, int64_t fallback) {
  return rows.IsNull(column, row) ? fallback : rows.Int(column, row);
}

int64_t FirstEpoch(const TableFile& file) {
  const auto found = file.min_values.find("epoch");
  return found == file.min_values.end() ? 0 : found->second;
}

// False when `on_row` wants no more.
Result<bool> ReadFile(Table* quarantine, const TableFile& file,
                      std::map<int64_t, int64_t>* rows_of_epoch, const OnQuarantineRow& on_row) {
  AVOCET_ASSIGN_OR_RETURN(const auto reader, quarantine->Read(file.path, kColumns));
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* rows, reader->Next());
    if (rows == nullptr) return true;
    for (size_t i = 0; i < rows->rows(); ++i) {
      QuarantineRow row{.payload = Text(*rows, kPayload, i),
                        .code = Text(*rows, kCode, i),
                        .message = Text(*rows, kMessage, i),
                        .format = Text(*rows, kFormat, i),
                        .source = Text(*rows, kSource, i),
                        .partition = Text(*rows, kPartition, i),
                        .position = Number(*rows, kPosition, i, -1),
                        .offset = Number(*rows, kOffset, i, 0),
                        .received_us = Number(*rows, kReceivedAt, i, 0),
                        .epoch = Number(*rows, kEpoch, i, 0),
                        .file = &file};
      row.number = (*rows_of_epoch)[row.epoch]++;
      AVOCET_ASSIGN_OR_RETURN(const bool more, on_row(row));
      if (!more) return false;
    }
  }
}

}  // namespace

std::string QuarantineRow::Id() const {
  return std::to_string(epoch) + "-" + std::to_string(number);
}

Status ReadQuarantine(Table* quarantine, const OnQuarantineRow& on_row) {
  AVOCET_ASSIGN_OR_RETURN(auto files, quarantine->Files());
  std::sort(files.begin(), files.end(), [](const TableFile& a, const TableFile& b) {
    return std::tuple(FirstEpoch(a), a.modified_ms, a.path) <
           std::tuple(FirstEpoch(b), b.modified_ms, b.path);
  });
  std::map<int64_t, int64_t> rows_of_epoch;
  for (const TableFile& file : files) {
    AVOCET_ASSIGN_OR_RETURN(const bool more, ReadFile(quarantine, file, &rows_of_epoch, on_row));
    if (!more) return Status::Ok();
  }
  return Status::Ok();
}

Status ReadQuarantineFile(Table* quarantine, const TableFile& file, const OnQuarantineRow& on_row) {
  std::map<int64_t, int64_t> rows_of_epoch;
  return ReadFile(quarantine, file, &rows_of_epoch, on_row).status();
}

bool IsQualityCode(std::string_view code) { return code.starts_with("quality_"); }

ColumnBatch QuarantineKeys() {
  ColumnBatch keys;
  keys.AddColumn("payload", ColumnType::kBinary);
  for (const char* name : {"code", "message", "format", "source", "partition"}) {
    keys.AddColumn(name, ColumnType::kString);
  }
  for (const char* name : {"position", "offset", "epoch"}) {
    keys.AddColumn(name, ColumnType::kInt64);
  }
  return keys;
}

void AppendQuarantineKey(const QuarantineRow& row, ColumnBatch* keys) {
  size_t column = 0;
  for (const std::string_view text :
       {row.payload, row.code, row.message, row.format, row.source, row.partition}) {
    keys->column(column++).AppendBytes(text);
  }
  for (const int64_t number : {row.position, row.offset, row.epoch}) {
    keys->column(column++).AppendInt(number);
  }
}

}  // namespace avocet
