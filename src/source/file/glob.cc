#include "src/source/file/glob.h"

#include <cstddef>

namespace avocet {
namespace {

// Matches `c` against the set that begins behind the `[` at `*pos`, and moves `*pos` behind its
// `]`. A set that is not closed is no set: `*closed` is false.
bool SetMatches(std::string_view pattern, size_t* pos, char c, bool* closed) {
  size_t i = *pos;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool matches = false;
  for (const size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) {
      *pos = i + 1;
      *closed = true;
      return matches != negated;
    }
    const bool range = i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']';
    const auto low = static_cast<unsigned char>(pattern[i]);
    const auto high = static_cast<unsigned char>(range ? pattern[i + 2] : pattern[i]);
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= low && byte <= high) matches = true;
    if (range) i += 2;
  }
  *closed = false;
  return false;
}

// Matches `c` against the one-byte pattern at `*pos` and moves `*pos` behind it.
bool OneMatches(std::string_view pattern, size_t* pos, char c) {
  const char p = pattern[(*pos)++];
  if (p == '?') return true;
  if (p == '[') {
    bool closed = false;
    const bool matches = SetMatches(pattern, pos, c, &closed);
    if (closed) return matches;
  }
  if (p == '\\' && *pos < pattern.size()) return pattern[(*pos)++] == c;
  return p == c;
}

}  // namespace

bool HasGlob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool GlobMatches(std::string_view pattern, std::string_view name) {
  if (!name.empty() && name[0] == '.' && (pattern.empty() || pattern[0] != '.')) return false;
  size_t p = 0, n = 0;
  // Where to go on when the present guess for the last `*` turns out to be too short.
  size_t retry_p = std::string_view::npos, retry_n = 0;
  while (n < name.size()) {
    size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      retry_p = ++p;
      retry_n = n;
    } else if (p < pattern.size() && OneMatches(pattern, &next, name[n])) {
      p = next;
      ++n;
    } else if (retry_p != std::string_view::npos) {
      p = retry_p;
      n = ++retry_n;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace avocet
