#include "src/source/push/line_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "src/base/floor_divide.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

class LineReader {
 public:
  LineReader(std::string_view line, std::string* why) : rest_(line), why_(why) {}

  std::optional<std::string> Transcribe(const LineProtocolFields& fields, int64_t unit_ns,
                                        int64_t now_us) {
    json_.BeginObject();
    if (!ReadMeasurement() || !ReadTags() || !ReadFields()) return std::nullopt;
    if (!WriteTime(fields, unit_ns, now_us)) return std::nullopt;
    return json_.EndObject().Take();
  }

 private:
  bool Fail(std::string message) {
    *why_ = std::move(message);
    return false;
  }

  // Text up to an unescaped character of `ends`. A backslash escapes one of `ends` and itself only
  // in front of them, as InfluxDB has it.
  std::string TakeUntil(std::string_view ends) {
    std::string text;
    while (!rest_.empty() && ends.find(rest_.front()) == std::string_view::npos) {
      if (rest_.front() == '\\' && rest_.size() > 1 &&
          std::string_view(", =").find(rest_[1]) != std::string_view::npos) {
        rest_.remove_prefix(1);
      }
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return text;
  }

  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool ReadMeasurement() {
    const std::string measurement = TakeUntil(", ");
    if (measurement.empty()) return Fail("the measurement is missing");
    json_.Field("measurement", measurement);
    return true;
  }

  bool ReadTags() {
    while (Take(',')) {
      const std::string key = TakeUntil("=, ");
      if (key.empty() || !Take('=')) return Fail("a tag has no value");
      const std::string value = TakeUntil(", ");
      if (value.empty()) return Fail("the tag " + key + " is empty");
      json_.Field(key, value);
    }
    return true;
  }

  bool ReadFields() {
    if (!Take(' ')) return Fail("there are no fields");
    while (Take(' ')) {
    }
    do {
      const std::string key = TakeUntil("=, ");
      if (key.empty() || !Take('=')) return Fail("a field has no value");
      json_.Key(key);
      if (!ReadValue(key)) return false;
    } while (Take(','));
    return true;
  }

  bool ReadValue(const std::string& key) {
    if (Take('"')) return ReadString(key);
    std::string_view value = rest_.substr(0, rest_.find_first_of(", "));
    rest_.remove_prefix(value.size());
    for (const std::string_view yes : {"t", "T", "true", "True", "TRUE"}) {
      if (value == yes) return json_.Bool(true), true;
    }
    for (const std::string_view no : {"f", "F", "false", "False", "FALSE"}) {
      if (value == no) return json_.Bool(false), true;
    }
    const char* const end = value.data() + value.size();
    if (value.ends_with('i') || value.ends_with('u')) {
      int64_t integer = 0;
      uint64_t natural = 0;
      const bool is_signed = value.ends_with('i');
      const auto parsed = is_signed ? std::from_chars(value.data(), end - 1, integer)
                                    : std::from_chars(value.data(), end - 1, natural);
      if (parsed.ec != std::errc() || parsed.ptr != end - 1) return BadValue(key, value);
      is_signed ? json_.Int(integer) : json_.Uint(natural);
      return true;
    }
    double number = 0;
    const char* begin = value.starts_with('+') ? value.data() + 1 : value.data();
    const auto parsed = std::from_chars(begin, end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(number)) {
      return BadValue(key, value);
    }
    json_.Double(number);
    return true;
  }

  bool BadValue(const std::string& key, std::string_view value) {
    return Fail("the field " + key + " has a value that is no number, boolean or quoted text: " +
                std::string(value.substr(0, 40)));
  }

  bool ReadString(const std::string& key) {
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.size() > 1 && rest_[0] == '\\' && (rest_[1] == '"' || rest_[1] == '\\')) {
        rest_.remove_prefix(1);
      }
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!Take('"')) return Fail("the text of the field " + key + " has no end");
    json_.String(text);
    return true;
  }

  bool WriteTime(const LineProtocolFields& fields, int64_t unit_ns, int64_t now_us) {
    while (Take(' ')) {
    }
    int64_t us = now_us;
    if (!rest_.empty()) {
      int64_t count = 0;
      const char* const end = rest_.data() + rest_.size();
      const auto parsed = std::from_chars(rest_.data(), end, count);
      if (parsed.ec != std::errc() || parsed.ptr != end) {
        return Fail("the time is not an integer: " + std::string(rest_.substr(0, 40)));
      }
      constexpr int64_t kNsPerUs = 1000;
      const int64_t per_us = unit_ns / kNsPerUs;
      const int64_t bound = std::numeric_limits<int64_t>::max() / std::max<int64_t>(per_us, 1);
      if (per_us > 1 && (count > bound || count < -bound)) {
        return Fail("the time is out of range");
      }
      us = per_us >= 1 ? count * per_us : FloorDivide(count, kNsPerUs / unit_ns);
    }
    json_.Key(fields.time_field);
    switch (fields.time_format) {
      case TimeFormat::kAuto:
      case TimeFormat::kIso8601:
        json_.String(FormatTimestamp(us));
        break;
      case TimeFormat::kEpochS:
        json_.Double(static_cast<double>(us) * 1e-6);
        break;
      case TimeFormat::kEpochMs:
        json_.Double(static_cast<double>(us) * 1e-3);
        break;
      case TimeFormat::kEpochUs:
        json_.Int(us);
        break;
      case TimeFormat::kEpochNs:
        json_.Raw(std::to_string(us) + "000");
        break;
    }
    return true;
  }

  std::string_view rest_;
  std::string* const why_;
  JsonWriter json_;
};

}  // namespace

std::optional<int64_t> LineProtocolUnit(std::string_view precision) {
  if (precision == "ns" || precision == "n") return 1;
  if (precision == "us" || precision == "u") return 1'000;
  if (precision == "ms") return 1'000'000;
  if (precision == "s") return 1'000'000'000;
  return std::nullopt;
}

std::optional<std::string> TranscribeLine(std::string_view line, const LineProtocolFields& fields,
                                          int64_t unit_ns, int64_t now_us, std::string* why) {
  return LineReader(line, why).Transcribe(fields, unit_ns, now_us);
}

void TranscribeLineProtocol(std::string_view text, const LineProtocolFields& fields,
                            int64_t unit_ns, int64_t now_us, IngestRecords* out) {
  std::string all;
  uint64_t line_number = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) {
      out->batch.empty_records += line.empty() ? 1 : 0;
      continue;
    }
    std::string why;
    const std::optional<std::string> json = TranscribeLine(line, fields, unit_ns, now_us, &why);
    const std::string_view record = json.has_value() ? std::string_view(*json) : line;
    const size_t index = out->batch.records.size();
    if (!json.has_value()) out->unreadable.push_back({index, std::move(why)});
    out->batch.records.push_back({static_cast<uint32_t>(all.size()),
                                  static_cast<uint32_t>(record.size()),
                                  static_cast<int64_t>(index)});
    out->lines.push_back(line_number);
    all += record;
  }
  auto bytes = SharedBytes::Allocate(all.size());
  if (!all.empty()) std::memcpy(bytes->data.get(), all.data(), all.size());
  bytes->size = all.size();
  out->batch.bytes = std::move(bytes);
  out->batch.format = RecordFormat::kJson;
}

}  // namespace avocet
