#include "src/source/file/natural_order.h"

#include <cstddef>

namespace avocet {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The digits at `*pos` without leading zeros; `*pos` moves behind them.
std::string_view TakeNumber(std::string_view text, size_t* pos) {
  while (*pos < text.size() && text[*pos] == '0') ++*pos;
  const size_t begin = *pos;
  while (*pos < text.size() && IsDigit(text[*pos])) ++*pos;
  return text.substr(begin, *pos - begin);
}

}  // namespace

bool NaturalLess(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (IsDigit(a[i]) && IsDigit(b[j])) {
      const std::string_view x = TakeNumber(a, &i), y = TakeNumber(b, &j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  const size_t left_a = a.size() - i, left_b = b.size() - j;
  if (left_a != left_b) return left_a < left_b;
  return a < b;
}

}  // namespace avocet
