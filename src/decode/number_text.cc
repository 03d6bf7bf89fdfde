#include "src/decode/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

namespace avocet {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

// True when digits, one dot at most and an exponent make up all of `text`.
bool IsDecimal(std::string_view text) {
  size_t at = 0;
  size_t digits = 0;
  const auto skip_digits = [&] {
    const size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - begin;
  };
  digits = skip_digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (skip_digits() == 0) return false;
  }
  return at == text.size();
}

// For a decimal that no double holds: whether it is too large rather than too small.
bool IsHuge(std::string_view decimal) {
  const size_t exponent_at = std::min(decimal.find_first_of("eE"), decimal.size());
  const std::string_view mantissa = decimal.substr(0, exponent_at);
  const bool has_negative_exponent =
      exponent_at + 1 < decimal.size() && decimal[exponent_at + 1] == '-';
  const size_t integer_digits = std::min(mantissa.find('.'), mantissa.size());
  const size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) return false;
  if (exponent_at == decimal.size()) return first < integer_digits;
  return !has_negative_exponent;
}

}  // namespace

std::string_view TrimSpace(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

NumberText ParseNumberText(std::string_view text, double* value, char point) {
  text = TrimSpace(text);
  std::string with_dot;
  if (point == ',') {
    if (text.find('.') != std::string_view::npos) return NumberText::kNotANumber;
    with_dot = text;
    std::replace(with_dot.begin(), with_dot.end(), ',', '.');
    text = with_dot;
  }
  if (text.empty()) return NumberText::kEmpty;
  const bool is_negative = text.front() == '-';
  const std::string_view digits = text.substr(is_negative || text.front() == '+' ? 1 : 0);
  if (EqualsIgnoringCase(digits, "nan") || EqualsIgnoringCase(digits, "inf") ||
      EqualsIgnoringCase(digits, "infinity")) {
    return NumberText::kNotFinite;
  }
  if (!IsDecimal(digits)) return NumberText::kNotANumber;
  double parsed = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  if (result.ec == std::errc::result_out_of_range) {
    if (IsHuge(digits)) return NumberText::kOverflow;
    parsed = 0;
  }
  if (std::isinf(parsed)) return NumberText::kOverflow;
  *value = is_negative ? -parsed : parsed;
  return NumberText::kNumber;
}

}  // namespace avocet
