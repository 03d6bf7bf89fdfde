#include "src/config/instant.h"

#include <algorithm>

#include "src/base/civil_time.h"

namespace avocet {
namespace {

/// Takes `digits` digits at the front of the text away.
bool TakeNumber(std::string_view* text, size_t digits, int* number) {
  if (text->size() < digits) return false;
  *number = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return false;
    *number = *number * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return true;
}

bool TakeChar(std::string_view* text, std::string_view allowed) {
  if (text->empty() || allowed.find(text->front()) == std::string_view::npos) return false;
  text->remove_prefix(1);
  return true;
}

/// "12:34" as minutes.
bool TakeHourMinute(std::string_view* text, int* minutes) {
  int hour = 0;
  int minute = 0;
  if (!TakeNumber(text, 2, &hour) || !TakeChar(text, ":") || !TakeNumber(text, 2, &minute)) {
    return false;
  }
  *minutes = hour * 60 + minute;
  return hour < 24 && minute < 60;
}

bool TakeFraction(std::string_view* text, int64_t* micros) {
  if (!TakeChar(text, ".")) return true;
  int64_t unit = kMicrosPerSecond;
  int digit = 0;
  while (unit > 1 && TakeNumber(text, 1, &digit)) {
    unit /= 10;
    *micros += digit * unit;
  }
  return unit < kMicrosPerSecond;
}

bool TakeZone(std::string_view* text, int64_t* micros) {
  if (TakeChar(text, "Zz")) return true;
  if (text->empty()) return false;
  const int sign = text->front() == '-' ? 1 : -1;
  int minutes = 0;
  if (!TakeChar(text, "+-") || !TakeHourMinute(text, &minutes)) return false;
  *micros += sign * minutes * kMicrosPerMinute;
  return true;
}

}  // namespace

std::optional<int64_t> ParseInstant(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!TakeNumber(&text, 4, &year) || !TakeChar(&text, "-") || !TakeNumber(&text, 2, &month) ||
      !TakeChar(&text, "-") || !TakeNumber(&text, 2, &day)) {
    return std::nullopt;
  }
  if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  const CivilDate date{year, month, day};
  const int64_t days = DaysFromCivil(date);
  if (CivilFromDays(days) != date) return std::nullopt;
  int64_t micros = days * kMicrosPerDay;
  if (text.empty()) return micros;
  int minutes = 0;
  int second = 0;
  if (!TakeChar(&text, "Tt ") || !TakeHourMinute(&text, &minutes) || !TakeChar(&text, ":") ||
      !TakeNumber(&text, 2, &second) || second > 59) {
    return std::nullopt;
  }
  micros += minutes * kMicrosPerMinute + second * kMicrosPerSecond;
  if (!TakeFraction(&text, &micros) || !TakeZone(&text, &micros) || !text.empty()) {
    return std::nullopt;
  }
  return micros;
}

}  // namespace avocet
