#include "src/config/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace avocet {
namespace {

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t CountDigits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
}

std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

bool IsDecimal(std::string_view text) {
  text = WithoutSign(text);
  return !text.empty() && CountDigits(text) == text.size();
}

/// The base of `0o17` and `0x1F`; 0 for any other text.
int PrefixedBase(std::string_view text) {
  const int base = text.substr(0, 2) == "0o" ? 8 : text.substr(0, 2) == "0x" ? 16 : 0;
  if (base == 0 || text.size() == 2) return 0;
  const std::string_view digits =
      std::string_view("0123456789abcdefABCDEF").substr(0, base == 8 ? 8 : 22);
  return text.find_first_not_of(digits, 2) == std::string_view::npos ? base : 0;
}

bool IsInfinite(std::string_view text) {
  return OneOf(WithoutSign(text), {".inf", ".Inf", ".INF"});
}

bool IsNan(std::string_view text) { return OneOf(text, {".nan", ".NaN", ".NAN"}); }

bool IsFloat(std::string_view text) {
  if (IsInfinite(text) || IsNan(text)) return true;
  text = WithoutSign(text);
  const size_t whole = CountDigits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = CountDigits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  return (text[0] == 'e' || text[0] == 'E') && IsDecimal(text.substr(1));
}

}  // namespace

ScalarType ResolvePlain(std::string_view text) {
  if (OneOf(text, {"", "~", "null", "Null", "NULL"})) return ScalarType::kNull;
  if (ParseYamlBool(text)) return ScalarType::kBool;
  if (IsDecimal(text) || PrefixedBase(text) != 0) return ScalarType::kInteger;
  return IsFloat(text) ? ScalarType::kFloat : ScalarType::kText;
}

std::optional<bool> ParseYamlBool(std::string_view text) {
  if (OneOf(text, {"true", "True", "TRUE"})) return true;
  if (OneOf(text, {"false", "False", "FALSE"})) return false;
  return std::nullopt;
}

std::optional<int64_t> ParseYamlInteger(std::string_view text) {
  const int prefixed = PrefixedBase(text);
  if (IsDecimal(text) || prefixed != 0) {
    if (prefixed != 0) text.remove_prefix(2);
    if (text[0] == '+') text.remove_prefix(1);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value,
                                              prefixed == 0 ? 10 : prefixed);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  const std::optional<double> number = ParseYamlNumber(text);
  constexpr double kExact = 9007199254740992.0;
  if (!number || std::trunc(*number) != *number || std::abs(*number) > kExact) return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::optional<double> ParseYamlNumber(std::string_view text) {
  if (IsInfinite(text)) {
    const double infinity = std::numeric_limits<double>::infinity();
    return text[0] == '-' ? -infinity : infinity;
  }
  if (IsNan(text)) return std::numeric_limits<double>::quiet_NaN();
  if (PrefixedBase(text) != 0) {
    const std::optional<int64_t> integer = ParseYamlInteger(text);
    if (!integer) return std::nullopt;
    return static_cast<double>(*integer);
  }
  if (!IsDecimal(text) && !IsFloat(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace avocet
