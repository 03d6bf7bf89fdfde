// StateWriter and StateReader: the bytes of state snapshots. Little endian, no alignment.
//
// A snapshot is framed and checksummed by the engine; these only encode and bounds-check.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace avocet {

class StateWriter {
 public:
  template <typename T>
  void Put(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void PutString(std::string_view text) {
    Put<uint64_t>(text.size());
    bytes_.append(text);
  }
  /// Count, then the elements as they lie in memory. T must have no padding.
  template <typename T>
  void PutArray(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    Put<uint64_t>(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }
  void Clear() { bytes_.clear(); }  ///< keeps the memory

 private:
  std::string bytes_;
};

class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  Status Get(T* value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (bytes_.size() < sizeof(T)) return Truncated();
    std::memcpy(value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return Status::Ok();
  }
  Status GetString(std::string* text) {
    uint64_t size = 0;
    AVOCET_RETURN_IF_ERROR(Get(&size));
    if (bytes_.size() < size) return Truncated();
    text->assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return Status::Ok();
  }
  template <typename T>
  Status GetArray(std::vector<T>* values) {
    static_assert(std::is_trivially_copyable_v<T>);
    uint64_t count = 0;
    AVOCET_RETURN_IF_ERROR(Get(&count));
    if (bytes_.size() / sizeof(T) < count) return Truncated();
    values->resize(count);
    if (count == 0) return Status::Ok();  // memcpy takes no null, not even for nothing
    std::memcpy(values->data(), bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
    return Status::Ok();
  }
  bool AtEnd() const { return bytes_.empty(); }

 private:
  static Status Truncated() { return Status::Corrupt("the state ends too early"); }
  std::string_view bytes_;
};

}  // namespace avocet
