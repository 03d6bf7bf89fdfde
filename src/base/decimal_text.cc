#include "src/base/decimal_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>

#include "src/base/powers_of_ten.h"

namespace avocet {
namespace {

// Appends digits / 10^decimals.
void AppendScaled(bool negative, uint64_t digits, int decimals, std::string* out) {
  char text[32];
  char* const end = std::end(text);
  char* at = end;
  for (int i = 0; i < decimals; ++i) {
    *--at = static_cast<char>('0' + digits % 10);
    digits /= 10;
  }
  if (decimals > 0) *--at = '.';
  do {
    *--at = static_cast<char>('0' + digits % 10);
    digits /= 10;
  } while (digits != 0);
  if (negative) *--at = '-';
  out->append(at, static_cast<size_t>(end - at));
}

}  // namespace

void AppendFixed(double value, int decimals, std::string* out) {
  const double scaled = std::abs(value) * kPowersOfTen[static_cast<size_t>(decimals)];
  // The product is off by less than 2^-53 of itself: below 2^42 by less than 2^-11, so that what it
  // rounds to is certain unless it is that close to a half.
  constexpr double kLargest = 4398046511104.0;
  constexpr double kDoubt = 1.0 / 2048;
  const double whole = std::floor(scaled);
  const double rest = scaled - whole;
  if (!(scaled < kLargest) || std::abs(rest - 0.5) <= kDoubt) {
    fmt::format_to(std::back_inserter(*out), "{:.{}f}", value, decimals);
    return;
  }
  AppendScaled(std::signbit(value), static_cast<uint64_t>(whole) + (rest > 0.5 ? 1 : 0), decimals,
               out);
}

void AppendTenDigits(double value, std::string* out) {
  const double size = std::abs(value);
  if (size >= 1e-4 || value == 0) {
    for (int decimals = 0; decimals <= 6; ++decimals) {
      const double scaled = std::nearbyint(size * kPowersOfTen[static_cast<size_t>(decimals)]);
      if (!(scaled < 1e10)) break;
      if (scaled / kPowersOfTen[static_cast<size_t>(decimals)] != size) continue;
      AppendScaled(std::signbit(value), static_cast<uint64_t>(scaled), decimals, out);
      return;
    }
  }
  fmt::format_to(std::back_inserter(*out), "{:.10g}", value);
}

}  // namespace avocet
