#include "src/engine/device_trace.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

// Eight bytes and more are found by chance in no lake.
constexpr size_t kLongEnough = 8;
// What is left whole of a longer name in bounds of the Delta log, which are cut after 32
// characters, the last of which may be another. Those of Parquet have more of it.
constexpr size_t kStem = 31;

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

std::string InJson(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json.substr(1, json.size() - 2);
}

std::vector<std::string> Spellings(std::string_view text) {
  const std::string json = InJson(text);
  // Some texts are JSON within JSON.
  std::vector<std::string> all = {std::string(text), json, AsciiJson(text, false),
                                  AsciiJson(text, true), InJson(json)};
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool IsTelling(std::string_view name) {
  if (name.size() >= kLongEnough) return true;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::any_of(name.begin(), name.end(), is_digit) &&
         !std::all_of(name.begin(), name.end(), is_digit);
}

// Calls `on_text(key, text)` for all keys, which have none themselves, and all texts, until it says
// true.
template <typename OnText>
bool AnyText(std::string_view key, const simdjson::dom::element& element, const OnText& on_text) {
  if (std::string_view text; element.get(text) == simdjson::SUCCESS) return on_text(key, text);
  if (simdjson::dom::array array; element.get(array) == simdjson::SUCCESS) {
    return std::any_of(array.begin(), array.end(),
                       [&](const auto& child) { return AnyText(key, child, on_text); });
  }
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return false;
  return std::any_of(object.begin(), object.end(), [&](const auto& field) {
    return on_text("", field.key) || AnyText(field.key, field.value, on_text);
  });
}

}  // namespace

DeviceTrace::DeviceTrace(std::string device, const std::set<std::string>& ordinary)
    : device_(std::move(device)),
      is_telling_(IsTelling(device_) && !ordinary.contains(device_)),
      spellings_(Spellings(device_)) {}

void DeviceTrace::AddOther(std::string_view text) {
  if (text == device_) return;
  if (device_.size() > kStem && text.starts_with(std::string_view(device_).substr(0, kStem))) {
    others_begin_alike_ = true;
  }
  if (text.find(device_) == std::string_view::npos || others_.contains(text)) return;
  for (const std::string& other : Spellings(text)) {
    for (const std::string& own : spellings_) {
      for (size_t at = other.find(own); at != std::string::npos; at = other.find(own, at + 1)) {
        shapes_.emplace(at, other.size());
      }
    }
    others_.insert(other);
  }
}

bool DeviceTrace::IsPartOfOther(std::string_view bytes, size_t at) const {
  return std::any_of(shapes_.begin(), shapes_.end(), [&](const auto& shape) {
    const auto [inside, size] = shape;
    return at >= inside && at - inside + size <= bytes.size() &&
           others_.contains(bytes.substr(at - inside, size));
  });
}

bool DeviceTrace::HasWord(std::string_view text, std::string_view word) const {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool before = at > 0 && IsWordByte(text[at - 1]);
    const bool after = end < text.size() && IsWordByte(text[end]);
    if (!before && !after && !IsPartOfOther(text, at)) return true;
  }
  return false;
}

bool DeviceTrace::IsNamedIn(std::string_view text) const {
  return std::any_of(spellings_.begin(), spellings_.end(),
                     [&](const std::string& spelling) { return HasWord(text, spelling); });
}

bool DeviceTrace::IsBoundOfName(std::string_view bound) const {
  if (bound == device_) return true;
  // Nobody can tell whose name it was when another begins alike; the rows have been read.
  return device_.size() > kStem + 1 && !others_begin_alike_ &&
         bound.starts_with(std::string_view(device_).substr(0, kStem));
}

bool DeviceTrace::IsToldIn(std::string_view column, std::string_view value) const {
  if (column == "device_id") return IsBoundOfName(value);
  // Most texts need no second look.
  const std::string_view stem = std::string_view(device_).substr(0, kStem);
  if (value.find('\\') == value.npos && value.find(stem) == value.npos) return false;
  return value.starts_with('{') ? IsInJson(value) : IsToldIn(value);
}

bool DeviceTrace::IsInJson(std::string_view text) const {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(text.data(), text.size()).get(element) != simdjson::SUCCESS) {
    return IsToldIn(text);
  }
  return AnyText("", element, [this](std::string_view key, std::string_view value) {
    return IsToldIn(key, value);
  });
}

bool DeviceTrace::IsInBinary(std::string_view bytes) const {
  if (!is_telling_ || device_.size() < kLongEnough) return false;
  for (size_t at = bytes.find(device_); at != std::string_view::npos;
       at = bytes.find(device_, at + 1)) {
    if (!IsPartOfOther(bytes, at)) return true;
  }
  return false;
}

Result<bool> DeviceTrace::IsInParquet(Lake* lake, const std::string& path) const {
  const auto told = [&]() -> Result<bool> {
    AVOCET_ASSIGN_OR_RETURN(const auto texts, lake->ReadTexts(path));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* rows, texts->Next());
      if (rows == nullptr) return false;
      for (size_t i = 0; i < rows->rows(); ++i) {
        if (!rows->IsNull(1, i) && IsToldIn(rows->Bytes(0, i), rows->Bytes(1, i))) return true;
      }
    }
  }();
  if (told.status().code() != StatusCode::kCorrupt) return told;
  AVOCET_ASSIGN_OR_RETURN(const std::string bytes, lake->store().ReadFile(path));
  return IsInBinary(bytes);
}

Result<bool> DeviceTrace::IsIn(LakeStore* store, const std::string& path) const {
  // Hashes and numbers of processes, in which names are found by chance.
  if (path.ends_with("/idempotency.keys") || path.ends_with("LOCK")) return false;
  AVOCET_ASSIGN_OR_RETURN(const std::string bytes, store->ReadFile(path));
  if (path.ends_with(".journal") || path.find("/audit.db") != std::string::npos) {
    return device_.size() >= kLongEnough && IsToldIn(bytes);
  }
  if (!path.ends_with(".json") && !path.ends_with("_last_checkpoint") && !path.ends_with(".crc")) {
    return IsInBinary(bytes);
  }
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (IsInJson(line)) return true;
  }
  return false;
}

}  // namespace avocet
