#include "src/decode/event_time.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "src/base/check.h"
#include "src/base/civil_time.h"

namespace avocet {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The value of `count` digits at `text`; -1 or less when one is no digit.
template <size_t count>
int Digits(const char* text) {
  int value = 0;
  bool is_number = true;
  for (size_t i = 0; i < count; ++i) {
    const int digit = text[i] - '0';
    is_number &= digit >= 0 && digit <= 9;
    value = value * 10 + digit;
  }
  return is_number ? value : -1;
}

bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysOfMonth(int year, int month) {
  constexpr std::array<int, 13> kDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[static_cast<size_t>(month)];
}

// Microseconds of the date at the front of `text`; empty when there is none.
std::optional<int64_t> ParseDate(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = Digits<4>(text.data());
  const int month = Digits<2>(text.data() + 5);
  const int day = Digits<2>(text.data() + 8);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > DaysOfMonth(year, month)) {
    return std::nullopt;
  }
  return DaysFromCivil({.year = year, .month = month, .day = day}) * kMicrosPerDay;
}

// Takes ".123" from the front of `*text`. Empty for a dot without digits and more than nine.
std::optional<int64_t> TakeFraction(std::string_view* text) {
  if (text->empty() || (text->front() != '.' && text->front() != ',')) return 0;
  size_t end = 1;
  int64_t micros = 0;
  for (; end < text->size() && IsDigit((*text)[end]); ++end) {
    if (end <= 6) micros = micros * 10 + ((*text)[end] - '0');
  }
  if (end == 1 || end > 10) return std::nullopt;
  for (size_t digits = end - 1; digits < 6; ++digits) micros *= 10;
  text->remove_prefix(end);
  return micros;
}

// Takes "18:28:26.5" or "18:28" from the front of `*text`.
std::optional<int64_t> TakeTimeOfDay(std::string_view* text) {
  if (text->size() < 5 || (*text)[2] != ':') return std::nullopt;
  const int hour = Digits<2>(text->data());
  const int minute = Digits<2>(text->data() + 3);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  const int64_t micros = hour * kMicrosPerHour + minute * kMicrosPerMinute;
  text->remove_prefix(5);
  if (text->empty() || text->front() != ':') return micros;
  if (text->size() < 3) return std::nullopt;
  const int second = Digits<2>(text->data() + 1);
  if (second < 0 || second > 59) return std::nullopt;
  text->remove_prefix(3);
  const auto fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  return micros + second * kMicrosPerSecond + *fraction;
}

// The offset from UTC that is all of `text`: "Z", "+02:00", "+0200" or "+02".
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if ((text[0] != '+' && text[0] != '-') || text.size() < 3) return std::nullopt;
  const int hours = Digits<2>(text.data() + 1);
  int minutes = 0;
  if (text.size() == 6 && text[3] == ':') {
    minutes = Digits<2>(text.data() + 4);
  } else if (text.size() == 5) {
    minutes = Digits<2>(text.data() + 3);
  } else if (text.size() != 3) {
    return std::nullopt;
  }
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const int64_t micros = hours * kMicrosPerHour + minutes * kMicrosPerMinute;
  return text[0] == '-' ? -micros : micros;
}

struct LocalTimeText {
  int64_t shown_us = 0;              // what the clock showed, since it showed 1970
  std::optional<int64_t> offset_us;  // from UTC, when it is written
};

std::optional<LocalTimeText> ParseLocalTime(std::string_view text) {
  const auto date = ParseDate(text);
  if (!date) return std::nullopt;
  if (text.size() == 10) return LocalTimeText{*date, {}};
  if (text[10] != 'T' && text[10] != ' ' && text[10] != 't') return std::nullopt;
  text.remove_prefix(11);
  const auto time_of_day = TakeTimeOfDay(&text);
  if (!time_of_day) return std::nullopt;
  if (text.empty()) return LocalTimeText{*date + *time_of_day, {}};
  const auto offset = ParseOffset(text);
  if (!offset) return std::nullopt;
  return LocalTimeText{*date + *time_of_day, offset};
}

// A decimal number as digits and a power of ten.
struct Decimal {
  bool is_negative = false;
  uint64_t mantissa = 0;  // at most 18 digits
  int64_t exponent = 0;
};

constexpr uint64_t kMaxMantissa = 100'000'000'000'000'000;  // one more digit still fits
constexpr int64_t kMaxExponent = 1'000;

// Takes the exponent "e-3" that is all of `text`.
bool AddExponent(std::string_view text, int64_t* exponent) {
  if (text.empty()) return true;
  if ((text[0] != 'e' && text[0] != 'E') || text.size() < 2) return false;
  const bool has_sign = text[1] == '-' || text[1] == '+';
  const std::string_view digits = text.substr(has_sign ? 2 : 1);
  if (digits.empty()) return false;
  int64_t value = 0;
  for (const char c : digits) {
    if (!IsDigit(c)) return false;
    value = std::min(kMaxExponent, value * 10 + (c - '0'));
  }
  *exponent += text[1] == '-' ? -value : value;
  return true;
}

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal decimal;
  size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    decimal.is_negative = text[0] == '-';
    at = 1;
  }
  size_t digits = 0;
  bool is_fraction = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !is_fraction) {
      is_fraction = true;
      continue;
    }
    if (!IsDigit(text[at])) break;
    ++digits;
    if (decimal.mantissa < kMaxMantissa) {
      decimal.mantissa = decimal.mantissa * 10 + static_cast<uint64_t>(text[at] - '0');
      if (is_fraction) --decimal.exponent;
    } else if (!is_fraction) {
      ++decimal.exponent;
    }
  }
  if (digits == 0 || !AddExponent(text.substr(at), &decimal.exponent)) return std::nullopt;
  return decimal;
}

// mantissa * 10^exponent, cut to an integer; empty when it does not fit.
std::optional<uint64_t> Scale(uint64_t mantissa, int64_t exponent) {
  if (mantissa == 0) return 0;
  for (; exponent < 0 && mantissa > 0; ++exponent) mantissa /= 10;
  if (mantissa == 0) return 0;
  for (; exponent > 0; --exponent) {
    if (mantissa > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / 10) {
      return std::nullopt;
    }
    mantissa *= 10;
  }
  return mantissa;
}

TimeFormat UnitByMagnitude(uint64_t integer) {
  if (integer < 100'000'000'000) return TimeFormat::kEpochS;
  if (integer < 100'000'000'000'000) return TimeFormat::kEpochMs;
  if (integer < 100'000'000'000'000'000) return TimeFormat::kEpochUs;
  return TimeFormat::kEpochNs;
}

int64_t PowerToMicros(TimeFormat unit) {
  switch (unit) {
    case TimeFormat::kEpochS:
      return 6;
    case TimeFormat::kEpochMs:
      return 3;
    case TimeFormat::kEpochNs:
      return -3;
    default:
      return 0;
  }
}

}  // namespace

std::optional<int64_t> ParseIso8601(std::string_view text) {
  const auto time = ParseLocalTime(text);
  if (!time) return std::nullopt;
  return time->shown_us - time->offset_us.value_or(0);
}

std::optional<int64_t> ParseEpoch(std::string_view number, TimeFormat format) {
  const auto decimal = ParseDecimal(number);
  if (!decimal) return std::nullopt;
  if (format == TimeFormat::kAuto) {
    const auto integer = Scale(decimal->mantissa, decimal->exponent);
    if (!integer) return std::nullopt;
    format = UnitByMagnitude(*integer);
  }
  const auto micros = Scale(decimal->mantissa, decimal->exponent + PowerToMicros(format));
  if (!micros) return std::nullopt;
  if (!decimal->is_negative) return static_cast<int64_t>(*micros);
  // A time before 1970 stays before it, however little.
  return decimal->mantissa == 0 ? 0 : std::min<int64_t>(-1, -static_cast<int64_t>(*micros));
}

EventTimeReader::EventTimeReader(const SchemaConfig& schema) : format_(schema.time_format) {
  if (!schema.time_zone.empty()) {
    auto zone = TimeZone::Load(schema.time_zone);
    AVOCET_CHECK(zone.ok());
    zone_ = *std::move(zone);
  }
  if (schema.time_pattern.empty()) return;
  auto pattern = TimePattern::Make(schema.time_pattern, zone_.value_or(TimeZone::Utc()));
  AVOCET_CHECK(pattern.ok());
  pattern_ = *std::move(pattern);
}

std::optional<int64_t> EventTimeReader::Read(std::string_view text) const {
  if (pattern_) {
    const auto time = pattern_->Read(text);
    return time ? time : ReadIso8601(text);
  }
  if (format_ == TimeFormat::kIso8601) return ReadIso8601(text);
  if (format_ != TimeFormat::kAuto) return ParseEpoch(text, format_);
  const bool is_date = text.size() >= 10 && text[4] == '-';
  return !is_date && IsDecimalText(text) ? ParseEpoch(text, format_) : ReadIso8601(text);
}

std::optional<int64_t> EventTimeReader::ReadIso8601(std::string_view text) const {
  const auto time = ParseLocalTime(text);
  if (!time) return std::nullopt;
  if (!time->offset_us && zone_) return zone_->ToUtc(time->shown_us);
  return time->shown_us - time->offset_us.value_or(0);
}

bool IsDecimalText(std::string_view text) { return ParseDecimal(text).has_value(); }

}  // namespace avocet
