// ProtobufReader: the fields of a protobuf message, without a schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace avocet {

struct ProtobufField {
  enum class Type : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  uint32_t number = 0;
  Type type = Type::kVarint;
  uint64_t value = 0;      ///< of a varint or fixed field, as it stands on the wire
  std::string_view bytes;  ///< of kBytes: text, bytes or a message; a slice of the message
};

/// Reads one field after the other. The groups of protobuf 1 are damage.
class ProtobufReader {
 public:
  /// Borrows `message`.
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  /// The next field, nothing at the end or where the message is damaged.
  std::optional<ProtobufField> Next();

  /// What was read was not damaged.
  bool ok() const { return !damaged_; }

 private:
  bool TakeVarint(uint64_t* value);
  bool TakeFixed(size_t size, uint64_t* value);
  bool TakeField(ProtobufField* field);

  std::string_view rest_;
  bool damaged_ = false;
};

/// Appends one field to a message.
void AppendProtobufVarint(uint32_t number, uint64_t value, std::string* message);
void AppendProtobufBytes(uint32_t number, std::string_view bytes, std::string* message);

}  // namespace avocet
