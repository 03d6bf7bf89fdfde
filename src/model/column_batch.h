// ColumnBatch: rows of a table as growing columns, lent as an Arrow struct array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/arrow_abi.h"

namespace avocet {

enum class ColumnType : uint8_t { kString, kBinary, kInt64, kDouble, kTimestamp, kBool };

/// One column. Doubles are null where NaN; strings and integers have an explicit null mask.
class Column {
 public:
  Column(std::string name, ColumnType type) : name_(std::move(name)), type_(type) {
    if (IsBytes()) offsets_.push_back(0);
  }

  const std::string& name() const { return name_; }
  ColumnType type() const { return type_; }
  size_t rows() const;
  size_t size_bytes() const;

  // REQUIRES: the append matches type(). kBool takes AppendInt with 0 or 1, kTimestamp AppendInt
  // with microseconds since 1970 UTC.
  void AppendBytes(std::string_view bytes) {
    bytes_.append(bytes);
    offsets_.push_back(static_cast<int32_t>(bytes_.size()));
    if (!valid_.empty()) valid_.push_back(1);
  }
  void AppendInt(int64_t value) {
    ints_.push_back(value);
    if (!valid_.empty()) valid_.push_back(1);
  }
  void AppendDouble(double value) { doubles_.push_back(value); }
  void AppendNull();
  void AppendAll(const Column& other);
  void Clear();

  std::vector<int64_t>& ints() { return ints_; }
  std::vector<double>& doubles() { return doubles_; }
  const std::vector<int64_t>& ints() const { return ints_; }
  const std::vector<double>& doubles() const { return doubles_; }
  std::string_view BytesAt(size_t row) const {
    return std::string_view(bytes_).substr(static_cast<size_t>(offsets_[row]),
                                           static_cast<size_t>(offsets_[row + 1] - offsets_[row]));
  }

 private:
  friend class ColumnBatch;
  const void* ValueBuffer() const;
  bool IsBytes() const { return type_ == ColumnType::kString || type_ == ColumnType::kBinary; }

  std::string name_;
  ColumnType type_;
  std::vector<int64_t> ints_;
  std::vector<double> doubles_;
  std::vector<int32_t> offsets_;  // bytes columns: rows + 1 entries
  std::string bytes_;
  std::vector<uint8_t> valid_;  // empty: no nulls so far
};

/// Columns of equal length. Used by one thread at a time.
class ColumnBatch {
 public:
  ColumnBatch() = default;

  /// Adds a column and returns its index. A column added to a batch with rows starts with nulls.
  size_t AddColumn(std::string name, ColumnType type);
  Column& column(size_t index) { return columns_[index]; }
  const Column& column(size_t index) const { return columns_[index]; }
  size_t num_columns() const { return columns_.size(); }
  size_t rows() const { return columns_.empty() ? 0 : columns_.front().rows(); }
  size_t size_bytes() const;

  /// Appends all rows of `other`, whose columns are the first columns of this batch; the others
  /// get nulls.
  void AppendAll(const ColumnBatch& other);
  void Clear();

  /// Lends the content of `batch` to `*array` and `*schema`, which the receiver releases. The batch
  /// lives until then and must not change.
  static void Export(std::shared_ptr<const ColumnBatch> batch, ArrowArray* array,
                     ArrowSchema* schema);

 private:
  std::vector<Column> columns_;
};

}  // namespace avocet
