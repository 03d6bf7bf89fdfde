#include "src/base/protobuf_wire.h"

#include <cstddef>

namespace avocet {
namespace {

void AppendVarint(uint64_t value, std::string* message) {
  for (; value >= 0x80; value >>= 7U) *message += static_cast<char>((value & 0x7FU) | 0x80U);
  *message += static_cast<char>(value);
}

}  // namespace

std::optional<ProtobufField> ProtobufReader::Next() {
  if (rest_.empty() || damaged_) return std::nullopt;
  ProtobufField field;
  damaged_ = !TakeField(&field);
  return damaged_ ? std::nullopt : std::optional(field);
}

bool ProtobufReader::TakeField(ProtobufField* field) {
  uint64_t key = 0;
  if (!TakeVarint(&key) || key >> 3 == 0 || key >> 3 > 0x1fffffff) return false;
  field->number = static_cast<uint32_t>(key >> 3);
  switch (key & 7) {
    case 0:
      field->type = ProtobufField::Type::kVarint;
      return TakeVarint(&field->value);
    case 1:
      field->type = ProtobufField::Type::kFixed64;
      return TakeFixed(8, &field->value);
    case 2:
      field->type = ProtobufField::Type::kBytes;
      if (!TakeVarint(&field->value) || field->value > rest_.size()) return false;
      field->bytes = rest_.substr(0, field->value);
      rest_.remove_prefix(field->value);
      return true;
    case 5:
      field->type = ProtobufField::Type::kFixed32;
      return TakeFixed(4, &field->value);
    default:
      return false;
  }
}

bool ProtobufReader::TakeVarint(uint64_t* value) {
  constexpr size_t kMostBytes = 10;
  *value = 0;
  for (size_t i = 0; i < kMostBytes && i < rest_.size(); ++i) {
    const auto byte = static_cast<uint8_t>(rest_[i]);
    // The tenth byte holds the 64th bit.
    if (i == kMostBytes - 1 && byte > 1) return false;
    *value |= uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool ProtobufReader::TakeFixed(size_t size, uint64_t* value) {
  if (rest_.size() < size) return false;
  *value = 0;
  for (size_t i = 0; i < size; ++i) {
    *value |= uint64_t{static_cast<uint8_t>(rest_[i])} << (8 * i);
  }
  rest_.remove_prefix(size);
  return true;
}

void AppendProtobufVarint(uint32_t number, uint64_t value, std::string* message) {
  AppendVarint(uint64_t{number} << 3U, message);
  AppendVarint(value, message);
}

void AppendProtobufBytes(uint32_t number, std::string_view bytes, std::string* message) {
  AppendVarint(uint64_t{number} << 3U | 2U, message);
  AppendVarint(bytes.size(), message);
  *message += bytes;
}

}  // namespace avocet
