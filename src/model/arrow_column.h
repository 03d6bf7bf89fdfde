// ArrowColumn: the values of a column that somebody else's Arrow data holds, whatever its type is
// exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/model/arrow_abi.h"

namespace avocet {

enum class ArrowKind : uint8_t {
  kNull,    ///< every value is null
  kBool,    ///< Int: 0 or 1
  kInt,     ///< signed and unsigned integers that an int64_t holds
  kUint64,  ///< Uint
  kDouble,  ///< float and double
  kText,    ///< strings and binaries; plain, large or views
  kTime,    ///< timestamps and dates; Int: microseconds since 1970, without a zone meant as UTC
  kStruct,  ///< children()
};

/// Borrows the schema; of arrays only the one at hand. Used by one thread.
class ArrowColumn {
 public:
  /// kUnsupported, naming the column, for a type that has no kind: lists, decimals, durations and
  /// so on.
  static Result<ArrowColumn> Make(const ArrowSchema& schema);

  /// The values to come. REQUIRES: an array of the schema, which outlives its use here.
  void SetArray(const ArrowArray& array);

  const std::string& name() const { return name_; }
  ArrowKind kind() const { return dictionary_ != nullptr ? dictionary_->kind() : kind_; }
  const std::vector<ArrowColumn>& children() const { return children_; }

  // REQUIRES below: the row is in the array and not null, and the kind fits.
  bool IsNull(size_t row) const;
  int64_t Int(size_t row) const;
  uint64_t Uint(size_t row) const;
  double Double(size_t row) const;
  std::string_view Text(size_t row) const;
  /// The row's place among the values of children(), whose arrays have an offset of their own.
  size_t ChildRow(size_t row) const { return row + offset_; }

 private:
  enum class Layout : uint8_t;
  ArrowColumn() = default;
  Status SetType(std::string_view format);
  int64_t Stored(size_t row) const;

  std::string name_;
  ArrowKind kind_ = ArrowKind::kNull;
  Layout layout_{};
  int64_t scale_ = 1;  // kTime: microseconds of a unit; negative: units of a microsecond
  std::vector<ArrowColumn> children_;
  std::shared_ptr<ArrowColumn> dictionary_;  // of its values; this column has the indexes

  const ArrowArray* array_ = nullptr;
  size_t offset_ = 0;
};

/// The columns of a table or record batch. kInvalid when the data is no table.
Result<std::vector<ArrowColumn>> ArrowColumnsOf(const ArrowSchema& schema);

}  // namespace avocet
