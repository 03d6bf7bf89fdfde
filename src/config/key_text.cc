#include "src/config/key_text.h"

#include <cmath>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/config/yaml_scalar.h"

namespace avocet {
namespace {

std::string FormatNumber(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
  std::string text;
  AppendJsonDouble(number, &text);
  return text;
}

std::string FormatBytes(int64_t bytes) {
  constexpr std::string_view kUnits[] = {"TiB", "GiB", "MiB", "KiB"};
  int shift = 40;
  for (const std::string_view unit : kUnits) {
    const int64_t size = int64_t{1} << shift;
    if (bytes != 0 && bytes % size == 0) return std::to_string(bytes / size) + std::string(unit);
    shift -= 10;
  }
  return std::to_string(bytes);
}

std::string FormatLimit(const KeySpec& key, double limit) {
  if (key.kind == KeyKind::kDuration) return FormatDuration(static_cast<int64_t>(limit));
  if (key.kind == KeyKind::kBytes) return FormatBytes(static_cast<int64_t>(limit));
  if (key.kind == KeyKind::kInstant) return FormatTimestamp(static_cast<int64_t>(limit));
  // The double nearest to the largest integer is above it.
  if (key.kind == KeyKind::kInteger && limit >= 9.2e18) return std::to_string(INT64_MAX);
  constexpr double kExact = 9007199254740992.0;
  const bool whole = std::trunc(limit) == limit && std::abs(limit) < kExact;
  return whole ? std::to_string(static_cast<int64_t>(limit)) : FormatNumber(limit);
}

/// A limit so far away that it only guards the arithmetic is not worth a word.
bool IsNotable(const KeySpec& key, double limit) {
  constexpr double kHundredYears = 36'500 * 86'400e6;
  return std::abs(limit) < (key.kind == KeyKind::kDuration ? kHundredYears : 1e18);
}

bool IsPlainChar(char c, bool first) {
  const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '/';
  return letter || c == '.' || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '*'));
}

bool IsPlain(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsPlainChar(text[i], i == 0)) return false;
  }
  return ResolvePlain(text) == ScalarType::kText && text != "..." && text.back() != '.';
}

std::string YamlInteger(const KeySpec& key, int64_t value) {
  switch (key.kind) {
    case KeyKind::kDuration:
      return FormatDuration(value);
    case KeyKind::kBytes:
      return FormatBytes(value);
    case KeyKind::kInstant:
      return YamlText(FormatTimestamp(value));
    default:
      return std::to_string(value);
  }
}

// What is shown instead of the value of an option that is a secret, whoever defined the option.
constexpr const char* kHidden = "\"********\"";

bool IsSecretName(std::string_view name) {
  for (const std::string_view word : {"password", "secret", "sasl.jaas", "token", "key.pem"}) {
    if (name.find(word) != name.npos) return true;
  }
  return false;
}

/// " such as {key: value}" with the first key that has an example.
std::string MapExample(const KeySpec& section) {
  for (const KeySpec& key : section.keys) {
    const std::string value = Example(key);
    if (!value.empty()) return " such as {" + key.name + ": " + value + "}";
  }
  return "";
}

}  // namespace

std::string YamlText(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  std::string doubled;
  for (const char c : text) doubled.append(c == '$' ? 2 : 1, c);
  std::string quoted;
  AppendJsonString(doubled, &quoted);
  return quoted;
}

std::string YamlValue(const KeySpec& key, const KeyValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return YamlInteger(key, *integer);
  if (const auto* number = std::get_if<double>(&value)) return FormatNumber(*number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return text->empty() ? "" : YamlText(*text);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    std::vector<std::string> parts;
    for (const std::string& text : *texts) parts.push_back(YamlText(text));
    return parts.empty() ? "" : "[" + Join(parts) + "]";
  }
  if (const auto* texts = std::get_if<std::map<std::string, std::string>>(&value)) {
    std::vector<std::string> parts;
    for (const auto& [name, text] : *texts) {
      parts.push_back(YamlText(name) + ": " + (IsSecretName(name) ? kHidden : YamlText(text)));
    }
    return parts.empty() ? "" : "{" + Join(parts) + "}";
  }
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    std::vector<std::string> parts;
    for (const double number : *numbers) parts.push_back(FormatNumber(number));
    return parts.empty() ? "" : "[" + Join(parts) + "]";
  }
  return "";
}

std::string Example(const KeySpec& key) {
  return key.example.empty() ? YamlValue(key, key.Default()) : key.example;
}

std::string Expectation(const KeySpec& key) {
  switch (key.kind) {
    case KeyKind::kText: {
      const std::string example = Example(key);
      return example.empty() ? "text" : "text such as " + example;
    }
    case KeyKind::kWord:
      return "one of " + Join(key.words);
    case KeyKind::kBool:
      return "true or false";
    case KeyKind::kInteger:
      return "a whole number";
    case KeyKind::kNumber:
      return "a number";
    case KeyKind::kDuration:
      return "a duration such as 10s, 5m or 1h30m";
    case KeyKind::kBytes:
      return "a size such as 64MiB";
    case KeyKind::kInstant:
      return "an instant such as \"2026-01-31T12:00:00Z\"";
    case KeyKind::kTextList:
      return "a text or a list of texts";
    case KeyKind::kTextMap: {
      const std::string example = Example(key);
      return example.empty() ? "a map" : "a map such as " + example;
    }
    case KeyKind::kNumberList:
      return "a list of numbers such as [0, 1]";
    case KeyKind::kRange:
      return "a list of two numbers such as [-40, 85]";
    case KeyKind::kSection:
      return (key.shorthand.empty() ? "a map" : "text or a map") + MapExample(key);
    case KeyKind::kMetrics:
      return "a map such as {temperature: {unit: degC}}";
    case KeyKind::kSources:
      return "a list such as [stdin]";
    case KeyKind::kDetectors:
      return "a list such as [{type: zscore}]";
    case KeyKind::kAlertRules:
      return "a list such as [{name: hot, metrics: temperature}]";
    case KeyKind::kAlertChannels:
      return "a list such as [log]";
    case KeyKind::kDeviceLabels:
      return "a list such as [{devices: \"press-*\", labels: {site: north}}]";
    case KeyKind::kMaintenance:
      return "a list such as [{every: \"sat 22:00-06:00\", devices: \"press-*\"}]";
  }
  return "";
}

std::string Limits(const KeySpec& key) {
  const bool low = IsNotable(key, key.min);
  const bool high = IsNotable(key, key.max);
  if (low && key.above_min) return "greater than " + FormatLimit(key, key.min);
  if (low && high) return "from " + FormatLimit(key, key.min) + " to " + FormatLimit(key, key.max);
  if (low) return "at least " + FormatLimit(key, key.min);
  return high ? "at most " + FormatLimit(key, key.max) : "";
}

std::string Violation(const KeySpec& key, double value) {
  if (value > key.max && !IsNotable(key, key.max)) return "at most " + FormatLimit(key, key.max);
  if (value < key.min && !IsNotable(key, key.min)) return "at least " + FormatLimit(key, key.min);
  return Limits(key);
}

}  // namespace avocet
