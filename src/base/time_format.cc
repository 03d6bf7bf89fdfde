#include "src/base/time_format.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>
#include <system_error>

#include "src/base/civil_time.h"

namespace avocet {

namespace {

struct Unit {
  std::string_view name;
  int64_t size;
};

constexpr std::array kDurationUnits = {
    Unit{"d", kMicrosPerDay},    Unit{"h", kMicrosPerHour}, Unit{"m", kMicrosPerMinute},
    Unit{"s", kMicrosPerSecond}, Unit{"ms", 1'000},         Unit{"us", 1},
};

constexpr std::array kByteUnits = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"kb", 1'000},
    Unit{"mb", 1'000'000},
    Unit{"gb", 1'000'000'000},
    Unit{"tb", 1'000'000'000'000},
    Unit{"kib", int64_t{1} << 10},
    Unit{"mib", int64_t{1} << 20},
    Unit{"gib", int64_t{1} << 30},
    Unit{"tib", int64_t{1} << 40},
};

template <size_t kSize>
const Unit* FindUnit(const std::array<Unit, kSize>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of `text` away. False when there are none or too many.
bool ConsumeNumber(std::string_view* text, int64_t* number) {
  if (text->empty() || !IsDigit(text->front())) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return error == std::errc();
}

Status BadDuration(std::string_view text) {
  return Status::Invalid(fmt::format(
      "cannot read duration \"{}\": expected a number and a unit, such as 250ms, 10s, 5m, 1h30m "
      "or 7d",
      text));
}

Status BadByteSize(std::string_view text) {
  return Status::Invalid(fmt::format(
      "cannot read byte size \"{}\": expected a number and a unit, such as 512, 64MiB or 1GB",
      text));
}

}  // namespace

std::string FormatDate(int64_t micros_utc) {
  const CivilDate date = CivilFromDays(DaysFromMicros(micros_utc));
  const bool negative = date.year < 0;
  return fmt::format("{}{:04}-{:02}-{:02}", negative ? "-" : "", negative ? -date.year : date.year,
                     date.month, date.day);
}

std::string FormatTimestamp(int64_t micros_utc) {
  int64_t in_day = micros_utc % kMicrosPerDay;
  if (in_day < 0) in_day += kMicrosPerDay;
  const int64_t fraction = in_day % kMicrosPerSecond;
  std::string text =
      fmt::format("{}T{:02}:{:02}:{:02}", FormatDate(micros_utc), in_day / kMicrosPerHour,
                  in_day / kMicrosPerMinute % 60, in_day / kMicrosPerSecond % 60);
  if (fraction % 1'000 != 0) {
    fmt::format_to(std::back_inserter(text), ".{:06}", fraction);
  } else if (fraction != 0) {
    fmt::format_to(std::back_inserter(text), ".{:03}", fraction / 1'000);
  }
  text.push_back('Z');
  return text;
}

Result<int64_t> ParseDuration(std::string_view text) {
  if (text == "0") return int64_t{0};
  if (text.empty()) return BadDuration(text);
  int64_t total = 0;
  const Unit* previous = nullptr;
  std::string_view rest = text;
  while (!rest.empty()) {
    int64_t number = 0;
    if (!ConsumeNumber(&rest, &number)) return BadDuration(text);
    size_t length = 0;
    while (length < rest.size() && !IsDigit(rest[length])) ++length;
    const Unit* unit = FindUnit(kDurationUnits, rest.substr(0, length));
    if (unit == nullptr || (previous != nullptr && previous->size <= unit->size)) {
      return BadDuration(text);
    }
    rest.remove_prefix(length);
    previous = unit;
    int64_t part = 0;
    if (__builtin_mul_overflow(number, unit->size, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return Status::Invalid(fmt::format("cannot read duration \"{}\": it is too long", text));
    }
  }
  return total;
}

std::string FormatDuration(int64_t micros) {
  if (micros == 0) return "0s";
  std::string text;
  if (micros < 0) text.push_back('-');
  // Unsigned, because the smallest int64_t has no positive counterpart.
  uint64_t rest =
      micros < 0 ? uint64_t{0} - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  for (const Unit& unit : kDurationUnits) {
    const uint64_t size = static_cast<uint64_t>(unit.size);
    if (rest >= size) fmt::format_to(std::back_inserter(text), "{}{}", rest / size, unit.name);
    rest %= size;
  }
  return text;
}

Result<int64_t> ParseByteSize(std::string_view text) {
  std::string_view rest = text;
  int64_t number = 0;
  if (!ConsumeNumber(&rest, &number)) return BadByteSize(text);
  const bool has_space = !rest.empty() && rest.front() == ' ';
  if (has_space) rest.remove_prefix(1);
  if (has_space && rest.empty()) return BadByteSize(text);
  std::string name(rest);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const Unit* unit = FindUnit(kByteUnits, name);
  if (unit == nullptr) return BadByteSize(text);
  int64_t bytes = 0;
  if (__builtin_mul_overflow(number, unit->size, &bytes)) {
    return Status::Invalid(fmt::format("cannot read byte size \"{}\": it is too large", text));
  }
  return bytes;
}

}  // namespace avocet
