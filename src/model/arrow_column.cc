#include "src/model/arrow_column.h"

#include <array>
#include <cstring>

#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"

namespace avocet {

// How the values lie in memory.
enum class ArrowColumn::Layout : uint8_t {
  kNone,
  kBits,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kFloat,
  kDouble,
  kBytes32,    // offsets of 32 bits, then bytes
  kBytes64,    // offsets of 64 bits, then bytes
  kBytesView,  // views of 16 bytes, then buffers
};

namespace {

bool BitAt(const void* bits, size_t index) {
  return ((static_cast<const uint8_t*>(bits)[index / 8] >> (index % 8)) & 1U) != 0;
}

template <typename T>
T At(const ArrowArray& array, size_t index) {
  return static_cast<const T*>(array.buffers[1])[index];
}

template <typename Offset>
std::string_view BytesAt(const ArrowArray& array, size_t index) {
  const auto* offsets = static_cast<const Offset*>(array.buffers[1]) + index;
  return {static_cast<const char*>(array.buffers[2]) + offsets[0],
          static_cast<size_t>(offsets[1] - offsets[0])};
}

// A view is a length, then either up to 12 bytes or a prefix, the number of a buffer and an offset.
std::string_view ViewAt(const ArrowArray& array, size_t index) {
  const char* view = static_cast<const char*>(array.buffers[1]) + 16 * index;
  std::array<int32_t, 4> parts{};
  std::memcpy(parts.data(), view, 16);
  const auto size = static_cast<size_t>(parts[0]);
  if (size <= 12) return {view + 4, size};
  return {static_cast<const char*>(array.buffers[2 + parts[2]]) + parts[3], size};
}

}  // namespace

Result<ArrowColumn> ArrowColumn::Make(const ArrowSchema& schema) {
  ArrowColumn column;
  column.name_ = schema.name == nullptr ? "" : schema.name;
  if (!column.SetType(schema.format).ok()) {
    return Status::Unsupported("the column \"" + column.name_ + "\" has the Arrow type \"" +
                               schema.format + "\", which cannot be read; cast or drop it");
  }
  if (schema.dictionary != nullptr) {
    AVOCET_ASSIGN_OR_RETURN(ArrowColumn values, Make(*schema.dictionary));
    column.dictionary_ = std::make_shared<ArrowColumn>(std::move(values));
  }
  for (int64_t i = 0; i < schema.n_children; ++i) {
    AVOCET_ASSIGN_OR_RETURN(ArrowColumn child, Make(*schema.children[i]));
    column.children_.push_back(std::move(child));
  }
  return column;
}

Status ArrowColumn::SetType(std::string_view format) {
  struct Type {
    std::string_view format;  // or its beginning, when it ends in ':'
    ArrowKind kind;
    Layout layout;
    int64_t scale = 1;
  };
  static constexpr std::array kTypes = {
      Type{"n", ArrowKind::kNull, Layout::kNone},
      Type{"b", ArrowKind::kBool, Layout::kBits},
      Type{"c", ArrowKind::kInt, Layout::kInt8},
      Type{"C", ArrowKind::kInt, Layout::kUint8},
      Type{"s", ArrowKind::kInt, Layout::kInt16},
      Type{"S", ArrowKind::kInt, Layout::kUint16},
      Type{"i", ArrowKind::kInt, Layout::kInt32},
      Type{"I", ArrowKind::kInt, Layout::kUint32},
      Type{"l", ArrowKind::kInt, Layout::kInt64},
      Type{"L", ArrowKind::kUint64, Layout::kUint64},
      Type{"f", ArrowKind::kDouble, Layout::kFloat},
      Type{"g", ArrowKind::kDouble, Layout::kDouble},
      Type{"u", ArrowKind::kText, Layout::kBytes32},
      Type{"z", ArrowKind::kText, Layout::kBytes32},
      Type{"U", ArrowKind::kText, Layout::kBytes64},
      Type{"Z", ArrowKind::kText, Layout::kBytes64},
      Type{"vu", ArrowKind::kText, Layout::kBytesView},
      Type{"vz", ArrowKind::kText, Layout::kBytesView},
      Type{"tdD", ArrowKind::kTime, Layout::kInt32, kMicrosPerDay},
      Type{"tdm", ArrowKind::kTime, Layout::kInt64, 1000},
      Type{"tss:", ArrowKind::kTime, Layout::kInt64, kMicrosPerSecond},
      Type{"tsm:", ArrowKind::kTime, Layout::kInt64, 1000},
      Type{"tsu:", ArrowKind::kTime, Layout::kInt64, 1},
      Type{"tsn:", ArrowKind::kTime, Layout::kInt64, -1000},
      Type{"+s", ArrowKind::kStruct, Layout::kNone},
  };
  for (const Type& type : kTypes) {
    const bool fits =
        type.format.ends_with(':') ? format.starts_with(type.format) : format == type.format;
    if (!fits) continue;
    kind_ = type.kind;
    layout_ = type.layout;
    scale_ = type.scale;
    return Status::Ok();
  }
  return Status::Unsupported(std::string(format));
}

void ArrowColumn::SetArray(const ArrowArray& array) {
  array_ = &array;
  offset_ = static_cast<size_t>(array.offset);
  if (dictionary_ != nullptr) dictionary_->SetArray(*array.dictionary);
  for (size_t i = 0; i < children_.size(); ++i) children_[i].SetArray(*array.children[i]);
}

bool ArrowColumn::IsNull(size_t row) const {
  if (dictionary_ == nullptr && kind_ == ArrowKind::kNull) return true;
  const void* validity = array_->n_buffers > 0 ? array_->buffers[0] : nullptr;
  if (array_->null_count != 0 && validity != nullptr && !BitAt(validity, row + offset_)) {
    return true;
  }
  return dictionary_ != nullptr && dictionary_->IsNull(static_cast<size_t>(Stored(row)));
}

// The integer as it lies there.
int64_t ArrowColumn::Stored(size_t row) const {
  const size_t index = row + offset_;
  switch (layout_) {
    case Layout::kBits:
      return BitAt(array_->buffers[1], index) ? 1 : 0;
    case Layout::kInt8:
      return At<int8_t>(*array_, index);
    case Layout::kUint8:
      return At<uint8_t>(*array_, index);
    case Layout::kInt16:
      return At<int16_t>(*array_, index);
    case Layout::kUint16:
      return At<uint16_t>(*array_, index);
    case Layout::kInt32:
      return At<int32_t>(*array_, index);
    case Layout::kUint32:
      return At<uint32_t>(*array_, index);
    case Layout::kInt64:
      return At<int64_t>(*array_, index);
    case Layout::kUint64:
      return static_cast<int64_t>(At<uint64_t>(*array_, index));
    default:
      return 0;
  }
}

int64_t ArrowColumn::Int(size_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Int(static_cast<size_t>(Stored(row)));
  const int64_t stored = Stored(row);
  if (scale_ == 1) return stored;
  if (scale_ < 0) return FloorDivide(stored, -scale_);
  int64_t micros = 0;
  // A time that does not fit is as far away as times can be.
  if (!__builtin_mul_overflow(stored, scale_, &micros)) return micros;
  return stored < 0 ? INT64_MIN : INT64_MAX;
}

uint64_t ArrowColumn::Uint(size_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Uint(static_cast<size_t>(Stored(row)));
  return At<uint64_t>(*array_, row + offset_);
}

double ArrowColumn::Double(size_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Double(static_cast<size_t>(Stored(row)));
  const size_t index = row + offset_;
  return layout_ == Layout::kFloat ? double{At<float>(*array_, index)} : At<double>(*array_, index);
}

std::string_view ArrowColumn::Text(size_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Text(static_cast<size_t>(Stored(row)));
  const size_t index = row + offset_;
  if (layout_ == Layout::kBytes32) return BytesAt<int32_t>(*array_, index);
  if (layout_ == Layout::kBytes64) return BytesAt<int64_t>(*array_, index);
  return ViewAt(*array_, index);
}

Result<std::vector<ArrowColumn>> ArrowColumnsOf(const ArrowSchema& schema) {
  if (std::string_view(schema.format) != "+s") {
    return Status::Invalid("the data is a single column, not a table");
  }
  std::vector<ArrowColumn> columns;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    AVOCET_ASSIGN_OR_RETURN(ArrowColumn column, ArrowColumn::Make(*schema.children[i]));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace avocet
