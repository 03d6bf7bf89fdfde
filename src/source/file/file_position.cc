#include "src/source/file/file_position.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>

#include "src/base/hash.h"
#include "src/base/json_writer.h"
#include "src/source/position_text.h"
#include "src/source/records/split_position_text.h"

namespace avocet {
namespace {

std::string Hex(uint64_t value) {
  std::array<char, 16> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return {digits.data(), result.ptr};
}

uint64_t FromHex(const std::string& text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

}  // namespace

Result<Fingerprint> TakeFingerprint(ReadableFile* file, uint32_t size_bytes) {
  std::array<char, Fingerprint::kMostBytes> bytes{};
  const size_t most = std::min<size_t>(size_bytes, bytes.size());
  size_t size = 0;
  while (size < most) {
    const auto room = std::span(bytes).subspan(size, most - size);
    AVOCET_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(size, std::as_writable_bytes(room)));
    if (got == 0) break;
    size += got;
  }
  return Fingerprint{Hash64({bytes.data(), size}), static_cast<uint32_t>(size)};
}

std::string FilePositionKey(std::string_view source, uint64_t device, uint64_t inode) {
  std::string key(source);
  key.append("/dev:").append(std::to_string(device)).append(",ino:").append(std::to_string(inode));
  return key;
}

std::string EncodeFilePosition(const FilePosition& position) {
  JsonWriter json;
  json.BeginObject()
      .Field("path", position.path)
      .Field("dev", position.device)
      .Field("ino", position.inode)
      .Field("offset", position.split.offset)
      .Field("fp", Hex(position.fingerprint.hash))
      .Field("fp_len", position.fingerprint.size_bytes)
      .Field("size", position.size_bytes)
      .Field("done", position.done);
  if (position.compressed) json.Field("compressed", true);
  if (position.damaged) json.Field("damaged", true);
  WriteSplitPosition(position.split, &json);
  return json.EndObject().Take();
}

Result<FilePosition> DecodeFilePosition(std::string_view text) {
  AVOCET_ASSIGN_OR_RETURN(const PositionText json, PositionText::Parse(text));
  FilePosition position;
  position.path = json.String("path");
  position.device = json.Unsigned("dev");
  position.inode = json.Unsigned("ino");
  AVOCET_ASSIGN_OR_RETURN(position.split, ReadSplitPosition(json));
  position.fingerprint.hash = FromHex(json.String("fp"));
  position.fingerprint.size_bytes =
      static_cast<uint32_t>(std::min<uint64_t>(json.Unsigned("fp_len"), Fingerprint::kMostBytes));
  position.size_bytes = json.Unsigned("size");
  position.compressed = json.Bool("compressed");
  position.done = json.Bool("done");
  position.damaged = json.Bool("damaged");
  return position;
}

}  // namespace avocet
