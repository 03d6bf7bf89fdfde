#include "src/server/api_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "src/base/time_format.h"
#include "src/config/device_labels.h"
#include "src/config/instant.h"

namespace avocet {
namespace {

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The years 1 to 9999: sums of two instants and differences fit into 64 bits.
bool IsInCalendar(int64_t time_us) {
  constexpr int64_t kFirst = -62'135'596'800'000'000;
  constexpr int64_t kLast = 253'402'300'799'999'999;
  return time_us >= kFirst && time_us <= kLast;
}

}  // namespace

void ApiQuery::Fail(std::string message) {
  if (mistake_.empty()) mistake_ = std::move(message);
}

std::optional<HttpResponse> ApiQuery::Mistake() const {
  if (mistake_.empty()) return std::nullopt;
  return HttpResponse::Error(400, "bad_parameter", mistake_);
}

std::string ApiQuery::Text(std::string_view name) {
  return std::string(request_.Query(name).value_or(""));
}

std::string ApiQuery::RequiredText(std::string_view name) {
  std::string text = Text(name);
  if (text.empty()) Fail(fmt::format("the parameter {} is missing", name));
  return text;
}

std::vector<std::string> ApiQuery::TextList(std::string_view name) {
  std::vector<std::string> list;
  const std::string text = Text(name);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) list.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

Labels ApiQuery::LabelPatterns() {
  constexpr std::string_view kPrefix = "label.";
  Labels patterns;
  for (const auto& [name, value] : request_.query) {
    if (!name.starts_with(kPrefix)) continue;
    std::string label = name.substr(kPrefix.size());
    const std::string problem = LabelNameProblem(label);
    if (!problem.empty()) Fail(problem);
    patterns.emplace(std::move(label), value);
  }
  return patterns;
}

std::string ApiQuery::Word(std::string_view name, const std::vector<std::string>& words) {
  std::string text = Text(name);
  if (text.empty()) return words.front();
  if (std::find(words.begin(), words.end(), text) == words.end()) {
    Fail(fmt::format("{} is one of: {}", name, fmt::join(words, ", ")));
  }
  return text;
}

int64_t ApiQuery::Integer(std::string_view name, int64_t missing, int64_t min, int64_t max) {
  const std::string text = Text(name);
  if (text.empty()) return missing;
  const auto value = ParseInteger(text);
  if (value && *value >= min && *value <= max) return *value;
  Fail(fmt::format("{} is an integer from {} to {}", name, min, max));
  return missing;
}

int64_t ApiQuery::Instant(std::string_view name, int64_t missing) {
  const std::string text = Text(name);
  if (text.empty()) return missing;
  if (text == "now") return now_us_;
  constexpr std::string_view kBefore = "now-";
  std::optional<int64_t> instant;
  if (text.starts_with(kBefore)) {
    const auto duration = ParseDuration(std::string_view(text).substr(kBefore.size()));
    if (duration.ok() && IsInCalendar(*duration)) instant = now_us_ - *duration;
  } else if (const auto micros = ParseInteger(text)) {
    instant = *micros;
  } else if (const auto written = ParseInstant(text)) {
    instant = *written;
  }
  if (instant && IsInCalendar(*instant)) return *instant;
  Fail(fmt::format("{} is an instant: 2025-01-01T00:00:00Z, microseconds since 1970, now or now-6h",
                   name));
  return missing;
}

}  // namespace avocet
