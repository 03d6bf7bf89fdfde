// TableFileReader: rows of one data file as batches of columns, from an Arrow C stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/model/arrow_abi.h"

namespace avocet {

/// One batch. Accessors REQUIRE the column's type: Int for l and timestamps, Double for g, Bytes
/// for u and z, Bool for b. Valid until the next batch is read.
class RecordBatchView {
 public:
  RecordBatchView(const ArrowArray* array, const ArrowSchema* schema)
      : array_(array), schema_(schema) {}
  size_t rows() const { return static_cast<size_t>(array_->length); }
  size_t num_columns() const { return static_cast<size_t>(array_->n_children); }
  bool IsNull(size_t column, size_t row) const;
  int64_t Int(size_t column, size_t row) const;
  double Double(size_t column, size_t row) const;  ///< NaN when null
  bool Bool(size_t column, size_t row) const;
  std::string_view Bytes(size_t column, size_t row) const;

 private:
  const ArrowArray* array_;
  const ArrowSchema* schema_;
};

class TableFileReader {
 public:
  /// Takes over `stream`.
  explicit TableFileReader(const ArrowArrayStream& stream);
  ~TableFileReader();
  TableFileReader(const TableFileReader&) = delete;
  TableFileReader& operator=(const TableFileReader&) = delete;

  /// The next batch, null at the end. The view lives until the next call.
  Result<const RecordBatchView*> Next();

 private:
  void ReleaseBatch();
  ArrowArrayStream stream_;
  ArrowSchema schema_{};
  ArrowArray array_{};
  std::unique_ptr<RecordBatchView> view_;
};

}  // namespace avocet
