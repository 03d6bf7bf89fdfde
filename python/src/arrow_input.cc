#include "python/src/arrow_input.h"

#include <algorithm>
#include <cstring>

namespace nb = nanobind;

namespace avocet {
namespace {

// Moves the struct out of a capsule, whose destructor then has nothing to release.
template <typename Struct>
Struct Take(nb::handle capsule, const char* name) {
  if (PyCapsule_IsValid(capsule.ptr(), name) == 0) {
    throw nb::type_error(
        "this is no Arrow data: __arrow_c_stream__ or __arrow_c_array__ must "
        "return capsules of the Arrow PyCapsule interface");
  }
  auto* held = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  Struct taken = *held;
  held->release = nullptr;
  return taken;
}

}  // namespace

ArrowInput::ArrowInput(nb::handle capsules) {
  if (nb::isinstance<nb::tuple>(capsules)) {
    const auto pair = nb::cast<nb::tuple>(capsules);
    if (pair.size() != 2) throw nb::type_error("a pair of Arrow capsules has two members");
    schema_ = Take<ArrowSchema>(pair[0], "arrow_schema");
    array_ = Take<ArrowArray>(pair[1], "arrow_array");
    is_unread_ = true;
  } else {
    stream_ = Take<ArrowArrayStream>(capsules, "arrow_array_stream");
  }
}

ArrowInput::~ArrowInput() {
  ReleaseArray();
  if (schema_.release != nullptr) schema_.release(&schema_);
  if (stream_.release != nullptr) stream_.release(&stream_);
}

void ArrowInput::ReleaseArray() {
  if (array_.release != nullptr) array_.release(&array_);
  array_.release = nullptr;
}

Status ArrowInput::Failed(int code) {
  const char* text = stream_.get_last_error(&stream_);
  return Status::Invalid(std::string("cannot read the Arrow data: ") +
                         (text != nullptr ? text : std::strerror(code)));
}

Result<const ArrowSchema*> ArrowInput::Schema() {
  if (schema_.release == nullptr) {
    if (const int code = stream_.get_schema(&stream_, &schema_); code != 0) return Failed(code);
  }
  return &schema_;
}

Result<const ArrowArray*> ArrowInput::Next() {
  if (is_unread_) {
    is_unread_ = false;
    return &array_;
  }
  ReleaseArray();
  if (stream_.release == nullptr) return nullptr;
  if (const int code = stream_.get_next(&stream_, &array_); code != 0) return Failed(code);
  return array_.release == nullptr ? nullptr : &array_;
}

std::optional<size_t> FindColumn(const std::vector<ArrowColumn>& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const ArrowColumn& column) { return column.name() == name; });
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

Result<size_t> NeedColumn(const std::vector<ArrowColumn>& columns, const std::string& name) {
  if (const auto found = FindColumn(columns, name)) return *found;
  return Status::Invalid("the table has no column \"" + name + "\"");
}

}  // namespace avocet
