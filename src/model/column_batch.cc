#include "src/model/column_batch.h"

#include <cmath>
#include <memory>
#include <utility>

#include "src/base/check.h"

namespace avocet {
namespace {

// Owns everything that an exported array points to.
struct ExportedArray {
  std::shared_ptr<const ColumnBatch> batch;  // what the buffers point into
  std::vector<uint8_t> validity;
  std::vector<uint8_t> bits;  // kBool values
  std::vector<const void*> buffers;
  std::vector<ArrowArray*> child_pointers;
  std::vector<std::unique_ptr<ArrowArray>> children;
};

struct ExportedSchema {
  std::string name;
  std::vector<ArrowSchema*> child_pointers;
  std::vector<std::unique_ptr<ArrowSchema>> children;
};

void ReleaseArray(ArrowArray* array) {
  auto* owned = static_cast<ExportedArray*>(array->private_data);
  for (auto& child : owned->children) {
    if (child->release != nullptr) child->release(child.get());
  }
  array->release = nullptr;
  delete owned;  // NOLINT: released by the C interface's contract
}

void ReleaseSchema(ArrowSchema* schema) {
  auto* owned = static_cast<ExportedSchema*>(schema->private_data);
  for (auto& child : owned->children) {
    if (child->release != nullptr) child->release(child.get());
  }
  schema->release = nullptr;
  delete owned;  // NOLINT
}

const char* Format(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return "u";
    case ColumnType::kBinary:
      return "z";
    case ColumnType::kInt64:
      return "l";
    case ColumnType::kDouble:
      return "g";
    case ColumnType::kTimestamp:
      return "tsu:UTC";
    case ColumnType::kBool:
      return "b";
  }
  return "n";
}

template <typename IsSet>
std::vector<uint8_t> PackBits(size_t rows, IsSet is_set) {
  std::vector<uint8_t> bits((rows + 7) / 8, 0);
  for (size_t i = 0; i < rows; ++i) {
    if (is_set(i)) bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | (1U << (i % 8)));
  }
  return bits;
}

int64_t PackDoubleValidity(const std::vector<double>& values, std::vector<uint8_t>* validity) {
  int64_t nulls = 0;
  for (double value : values) nulls += std::isnan(value) ? 1 : 0;
  if (nulls > 0) {
    *validity = PackBits(values.size(), [&](size_t i) { return !std::isnan(values[i]); });
  }
  return nulls;
}

int64_t PackMaskValidity(const std::vector<uint8_t>& mask, std::vector<uint8_t>* validity) {
  int64_t nulls = 0;
  for (uint8_t valid : mask) nulls += valid == 0 ? 1 : 0;
  if (nulls > 0) *validity = PackBits(mask.size(), [&](size_t i) { return mask[i] != 0; });
  return nulls;
}

}  // namespace

size_t Column::rows() const {
  if (IsBytes()) return offsets_.size() - 1;
  return type_ == ColumnType::kDouble ? doubles_.size() : ints_.size();
}

size_t Column::size_bytes() const {
  return bytes_.size() + offsets_.size() * sizeof(int32_t) + ints_.size() * sizeof(int64_t) +
         doubles_.size() * sizeof(double) + valid_.size();
}

void Column::AppendNull() {
  if (type_ == ColumnType::kDouble) {
    doubles_.push_back(std::nan(""));
    return;
  }
  if (valid_.empty()) valid_.assign(rows(), 1);
  if (IsBytes()) {
    offsets_.push_back(static_cast<int32_t>(bytes_.size()));
  } else {
    ints_.push_back(0);
  }
  valid_.push_back(0);
}

size_t ColumnBatch::AddColumn(std::string name, ColumnType type) {
  const size_t existing = rows();
  columns_.emplace_back(std::move(name), type);
  for (size_t i = 0; i < existing; ++i) columns_.back().AppendNull();
  return columns_.size() - 1;
}

size_t ColumnBatch::size_bytes() const {
  size_t total = 0;
  for (const Column& column : columns_) total += column.size_bytes();
  return total;
}

void Column::AppendAll(const Column& other) {
  const size_t before = rows();
  if (!other.valid_.empty() || !valid_.empty()) {
    valid_.resize(before, 1);
    valid_.insert(valid_.end(), other.valid_.begin(), other.valid_.end());
    valid_.resize(before + other.rows(), 1);
  }
  ints_.insert(ints_.end(), other.ints_.begin(), other.ints_.end());
  doubles_.insert(doubles_.end(), other.doubles_.begin(), other.doubles_.end());
  const auto shift = static_cast<int32_t>(bytes_.size());
  bytes_.append(other.bytes_);
  for (size_t i = 1; i < other.offsets_.size(); ++i) offsets_.push_back(other.offsets_[i] + shift);
}

void Column::Clear() {
  ints_.clear();
  doubles_.clear();
  bytes_.clear();
  valid_.clear();
  if (IsBytes()) offsets_.assign(1, 0);
}

void ColumnBatch::AppendAll(const ColumnBatch& other) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i < other.columns_.size()) {
      columns_[i].AppendAll(other.columns_[i]);
    } else {
      for (size_t row = 0; row < other.rows(); ++row) columns_[i].AppendNull();
    }
  }
}

void ColumnBatch::Clear() {
  for (Column& column : columns_) column.Clear();
}

const void* Column::ValueBuffer() const {
  if (IsBytes()) return offsets_.data();
  if (type_ == ColumnType::kDouble) return doubles_.data();
  return ints_.data();
}

namespace {

// A struct array or schema with nothing but its children and its owner filled in.
ArrowArray MakeArray(int64_t rows, int64_t nulls, std::unique_ptr<ExportedArray> owned) {
  return {.length = rows,
          .null_count = nulls,
          .offset = 0,
          .n_buffers = static_cast<int64_t>(owned->buffers.size()),
          .n_children = static_cast<int64_t>(owned->children.size()),
          .buffers = owned->buffers.data(),
          .children = owned->child_pointers.data(),
          .dictionary = nullptr,
          .release = ReleaseArray,
          .private_data = owned.release()};
}

ArrowSchema MakeSchema(const char* format, int64_t flags, std::unique_ptr<ExportedSchema> owned) {
  return {.format = format,
          .name = owned->name.c_str(),
          .metadata = nullptr,
          .flags = flags,
          .n_children = static_cast<int64_t>(owned->children.size()),
          .children = owned->child_pointers.data(),
          .dictionary = nullptr,
          .release = ReleaseSchema,
          .private_data = owned.release()};
}

}  // namespace

void ColumnBatch::Export(std::shared_ptr<const ColumnBatch> batch, ArrowArray* array,
                         ArrowSchema* schema) {
  const size_t rows = batch->rows();
  auto owner = std::make_unique<ExportedArray>();
  auto schema_owner = std::make_unique<ExportedSchema>();
  for (const Column& column : batch->columns_) {
    AVOCET_CHECK(column.rows() == rows);
    auto child = std::make_unique<ExportedArray>();
    child->batch = batch;
    const int64_t nulls = column.type() == ColumnType::kDouble
                              ? PackDoubleValidity(column.doubles_, &child->validity)
                              : PackMaskValidity(column.valid_, &child->validity);
    child->buffers.push_back(nulls > 0 ? child->validity.data() : nullptr);
    if (column.type() == ColumnType::kBool) {
      child->bits = PackBits(rows, [&](size_t i) { return column.ints_[i] != 0; });
      child->buffers.push_back(child->bits.data());
    } else {
      child->buffers.push_back(column.ValueBuffer());
    }
    if (column.IsBytes()) child->buffers.push_back(column.bytes_.data());
    auto child_schema = std::make_unique<ExportedSchema>();
    child_schema->name = column.name();
    owner->children.push_back(std::make_unique<ArrowArray>(
        MakeArray(static_cast<int64_t>(rows), nulls, std::move(child))));
    owner->child_pointers.push_back(owner->children.back().get());
    schema_owner->children.push_back(std::make_unique<ArrowSchema>(
        MakeSchema(Format(column.type()), ARROW_FLAG_NULLABLE, std::move(child_schema))));
    schema_owner->child_pointers.push_back(schema_owner->children.back().get());
  }
  owner->buffers.push_back(nullptr);
  *array = MakeArray(static_cast<int64_t>(rows), 0, std::move(owner));
  *schema = MakeSchema("+s", 0, std::move(schema_owner));
}

}  // namespace avocet
