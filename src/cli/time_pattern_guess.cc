#include "src/cli/time_pattern_guess.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "src/base/check.h"
#include "src/base/civil_time.h"
#include "src/env/time_zone.h"

namespace avocet {
namespace {

// So many values may be read otherwise before a pattern is given up.
constexpr uint64_t kFewOdd = 5;
constexpr double kOddShare = 0.05;
constexpr int64_t kEarliestUs = 946'684'800 * kMicrosPerSecond;  // 2000-01-01
constexpr int64_t kLatestUs = 4'102'444'800 * kMicrosPerSecond;  // 2100-01-01

// Of two that read the same, the one that more people write is first.
constexpr std::array<const char*, 26> kPatterns = {
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",       "%d.%m.%Y",          "%d.%m.%y %H:%M:%S",
    "%d.%m.%y %H:%M",    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p", "%d/%m/%Y %H:%M:%S",    "%d/%m/%Y %H:%M",    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",    "%d/%m/%y %H:%M",       "%m/%d/%y %H:%M",    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",    "%m-%d-%Y %H:%M:%S",    "%m-%d-%Y %H:%M",    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",    "%d-%b-%Y %H:%M:%S",    "%d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y",
    "%Y%m%d%H%M%S",      "%Y%m%dT%H%M%SZ",
};

const std::vector<TimePattern>& Patterns() {
  static const std::vector<TimePattern> patterns = [] {
    std::vector<TimePattern> made;
    for (const char* pattern : kPatterns) {
      auto known = TimePattern::Make(pattern, TimeZone::Utc());
      AVOCET_CHECK(known.ok());
      made.push_back(*std::move(known));
    }
    return made;
  }();
  return patterns;
}

}  // namespace

bool IsPlausibleTime(int64_t micros) { return micros >= kEarliestUs && micros < kLatestUs; }

TimePatternGuess::TimePatternGuess() {
  for (size_t i = 0; i < kPatterns.size(); ++i) fits_.push_back({.index = i});
}

void TimePatternGuess::Add(std::string_view text) {
  ++values_;
  const auto odd = [this](const Fit& fit) {
    const uint64_t most = kFewOdd + static_cast<uint64_t>(kOddShare * static_cast<double>(values_));
    return values_ - fit.times > most;
  };
  for (Fit& fit : fits_) {
    const auto time = Patterns()[fit.index].Read(text);
    if (!time || !IsPlausibleTime(*time)) continue;
    if (fit.times > 0) fit.distance_us += std::abs(static_cast<double>(*time - fit.last_us));
    fit.last_us = *time;
    ++fit.times;
  }
  std::erase_if(fits_, odd);
}

std::optional<TimePatternGuess::Best> TimePatternGuess::Find() const {
  const auto better = [](const Fit& a, const Fit& b) {
    if (a.times != b.times) return a.times > b.times;
    return a.distance_us < b.distance_us;
  };
  const Fit* best = nullptr;
  for (const Fit& fit : fits_) {
    if (fit.times > 0 && (best == nullptr || better(fit, *best))) best = &fit;
  }
  if (best == nullptr) return std::nullopt;
  Best found{.pattern = kPatterns[best->index], .times = best->times};
  for (const Fit& fit : fits_) {
    if (&fit == best || better(*best, fit)) continue;
    found.or_else = kPatterns[fit.index];
    break;
  }
  return found;
}

}  // namespace avocet
