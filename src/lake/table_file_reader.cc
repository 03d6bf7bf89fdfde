#include "src/lake/table_file_reader.h"

#include <cmath>
#include <cstring>

#include "src/base/check.h"

namespace avocet {
namespace {

bool BitAt(const void* bits, size_t index) {
  return ((static_cast<const uint8_t*>(bits)[index / 8] >> (index % 8)) & 1U) != 0;
}

}  // namespace

bool RecordBatchView::IsNull(size_t column, size_t row) const {
  const ArrowArray& child = *array_->children[column];
  if (child.null_count == 0 || child.buffers[0] == nullptr) return false;
  return !BitAt(child.buffers[0], row + static_cast<size_t>(child.offset));
}

int64_t RecordBatchView::Int(size_t column, size_t row) const {
  const ArrowArray& child = *array_->children[column];
  return static_cast<const int64_t*>(child.buffers[1])[row + static_cast<size_t>(child.offset)];
}

double RecordBatchView::Double(size_t column, size_t row) const {
  if (IsNull(column, row)) return std::nan("");
  const ArrowArray& child = *array_->children[column];
  return static_cast<const double*>(child.buffers[1])[row + static_cast<size_t>(child.offset)];
}

bool RecordBatchView::Bool(size_t column, size_t row) const {
  const ArrowArray& child = *array_->children[column];
  return BitAt(child.buffers[1], row + static_cast<size_t>(child.offset));
}

std::string_view RecordBatchView::Bytes(size_t column, size_t row) const {
  const ArrowArray& child = *array_->children[column];
  const auto* offsets = static_cast<const int32_t*>(child.buffers[1]) + child.offset + row;
  return {static_cast<const char*>(child.buffers[2]) + offsets[0],
          static_cast<size_t>(offsets[1] - offsets[0])};
}

TableFileReader::TableFileReader(const ArrowArrayStream& stream) : stream_(stream) {}

TableFileReader::~TableFileReader() {
  ReleaseBatch();
  if (schema_.release != nullptr) schema_.release(&schema_);
  if (stream_.release != nullptr) stream_.release(&stream_);
}

void TableFileReader::ReleaseBatch() {
  view_.reset();
  if (array_.release != nullptr) array_.release(&array_);
  array_.release = nullptr;
}

Result<const RecordBatchView*> TableFileReader::Next() {
  ReleaseBatch();
  const auto failed = [this](int code) {
    const char* text = stream_.get_last_error(&stream_);
    std::string message = text != nullptr ? text : std::strerror(code);
    return Status::Corrupt("cannot read a data file: " + message);
  };
  if (schema_.release == nullptr) {
    if (const int code = stream_.get_schema(&stream_, &schema_); code != 0) return failed(code);
  }
  if (const int code = stream_.get_next(&stream_, &array_); code != 0) return failed(code);
  if (array_.release == nullptr) return nullptr;
  view_ = std::make_unique<RecordBatchView>(&array_, &schema_);
  return view_.get();
}

}  // namespace avocet
