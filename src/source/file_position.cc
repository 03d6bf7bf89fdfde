#include "src/source/file_position.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "src/base/hash.h"
#include "src/base/json_writer.h"
#include "src/source/position_text.h"

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
  if (position.split.format != InputFormat::kUnknown) {
    json.Field("format", InputFormatName(position.split.format));
  }
  if (position.split.in_array) json.Field("in_array", true);
  if (position.split.header != nullptr) {
    json.Field("delimiter", std::string(1, position.split.delimiter)).Key("header").BeginArray();
    for (const std::string& name : *position.split.header) json.String(name);
    json.EndArray();
  }
  return json.EndObject().Take();
}

Result<FilePosition> DecodeFilePosition(std::string_view text) {
  AVOCET_ASSIGN_OR_RETURN(const PositionText json, PositionText::Parse(text));
  FilePosition position;
  position.path = json.String("path");
  position.device = json.Unsigned("dev");
  position.inode = json.Unsigned("ino");
  position.split.offset = json.Unsigned("offset");
  position.fingerprint.hash = FromHex(json.String("fp"));
  position.fingerprint.size_bytes =
      static_cast<uint32_t>(std::min<uint64_t>(json.Unsigned("fp_len"), Fingerprint::kMostBytes));
  position.size_bytes = json.Unsigned("size");
  position.compressed = json.Bool("compressed");
  position.done = json.Bool("done");
  position.damaged = json.Bool("damaged");
  if (json.Has("format")) {
    AVOCET_ASSIGN_OR_RETURN(position.split.format, ParseInputFormat(json.String("format")));
  }
  position.split.in_array = json.Bool("in_array");
  if (json.Has("header")) {
    const std::string delimiter = json.String("delimiter");
    position.split.delimiter = delimiter.size() == 1 ? delimiter[0] : ',';
    position.split.header =
        std::make_shared<const std::vector<std::string>>(json.Strings("header"));
  }
  return position;
}

}  // namespace avocet
