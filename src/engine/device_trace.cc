#include "src/engine/device_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

// Eight bytes and more are found by chance in no lake.
constexpr size_t kLongEnough = 8;
// Bounds in the Delta log and in Parquet footers are cut.
constexpr size_t kLogBound = 32;
constexpr size_t kFooterBound = 64;

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || byte >= 0x80;
}

// Everything outside of ASCII as \uXXXX.
std::string AsciiJson(std::string_view text, bool upper) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const size_t size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    if (size == 1 || at + size > text.size()) {
      std::string one;
      AppendJsonString(text.substr(at, 1), &one);
      out.append(one, 1, one.size() - 2);
      ++at;
      continue;
    }
    uint32_t code = byte & (0xFFU >> (size + 1));
    for (size_t i = 1; i < size; ++i) {
      code = (code << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    }
    const auto append = [&](uint32_t unit) {
      out += upper ? fmt::format("\\u{:04X}", unit) : fmt::format("\\u{:04x}", unit);
    };
    if (code >= 0x10000) {
      append(0xD800 + ((code - 0x10000) >> 10));
      append(0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      append(code);
    }
    at += size;
  }
  return out;
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool before = at > 0 && IsWordByte(text[at - 1]);
    const bool after = end < text.size() && IsWordByte(text[end]);
    if (!before && !after) return true;
  }
  return false;
}

}  // namespace

DeviceTrace::DeviceTrace(std::string device) : device_(std::move(device)) {
  std::string json;
  AppendJsonString(device_, &json);
  spellings_ = {device_, json.substr(1, json.size() - 2), AsciiJson(device_, false),
                AsciiJson(device_, true)};
  // Statistics are JSON within JSON.
  std::string twice;
  AppendJsonString(spellings_[1], &twice);
  spellings_.push_back(twice.substr(1, twice.size() - 2));
  std::sort(spellings_.begin(), spellings_.end());
  spellings_.erase(std::unique(spellings_.begin(), spellings_.end()), spellings_.end());
}

void DeviceTrace::AddOther(std::string_view device) {
  if (device == device_ || device.find(device_) == std::string_view::npos) return;
  if (others_.contains(device)) return;
  for (const size_t size : {device.size(), kLogBound, kFooterBound}) {
    const std::string_view cut = device.substr(0, size);
    for (size_t at = cut.find(device_); at != std::string_view::npos;
         at = cut.find(device_, at + 1)) {
      shapes_.emplace(at, cut.size());
    }
    others_.emplace(cut);
  }
}

bool DeviceTrace::IsNamedIn(std::string_view text) const {
  return std::any_of(spellings_.begin(), spellings_.end(),
                     [&](const std::string& spelling) { return HasWord(text, spelling); });
}

bool DeviceTrace::IsPartOfOther(std::string_view bytes, size_t at) const {
  return std::any_of(shapes_.begin(), shapes_.end(), [&](const auto& shape) {
    const auto [inside, size] = shape;
    return at >= inside && at - inside + size <= bytes.size() &&
           others_.contains(bytes.substr(at - inside, size));
  });
}

bool DeviceTrace::IsInBinary(std::string_view bytes) const {
  for (size_t at = bytes.find(device_); at != std::string_view::npos;
       at = bytes.find(device_, at + 1)) {
    if (!IsPartOfOther(bytes, at)) return true;
  }
  return false;
}

// Texts in a footer follow their length, one byte for these short ones.
bool DeviceTrace::IsInFooter(std::string_view file) const {
  constexpr size_t kTail = 8;
  if (file.size() < 2 * kTail || !file.ends_with("PAR1")) return IsInBinary(file);
  uint32_t size = 0;
  std::memcpy(&size, file.data() + file.size() - kTail, sizeof(size));
  if (size > file.size() - kTail) return IsInBinary(file);
  const std::string_view footer = file.substr(file.size() - kTail - size, size);
  return footer.find(static_cast<char>(device_.size()) + device_) != std::string_view::npos;
}

Result<bool> DeviceTrace::IsIn(LakeStore* store, const std::string& path,
                               uint64_t* bytes_searched) const {
  AVOCET_ASSIGN_OR_RETURN(const std::string bytes, store->ReadFile(path));
  *bytes_searched += bytes.size();
  const bool is_text =
      path.ends_with(".json") || path.ends_with("_last_checkpoint") || path.ends_with(".crc");
  // Hashes and numbers of processes, in which short names are found by chance.
  if (path.ends_with("/idempotency.keys") || path.ends_with("LOCK")) return false;
  // Read entry by entry elsewhere; this finds what is beside the entries.
  if (path.ends_with(".journal") || path.find("/audit.db") != std::string::npos) {
    return device_.size() >= kLongEnough && IsNamedIn(bytes);
  }
  if (is_text) {
    if (IsNamedIn(bytes)) return true;
    if (device_.size() <= kLogBound) return false;
    return bytes.find(device_.substr(0, kLogBound)) != std::string::npos;
  }
  return device_.size() >= kLongEnough ? IsInBinary(bytes) : IsInFooter(bytes);
}

}  // namespace avocet
