#include "src/server/metrics_text.h"

#include <array>
#include <chrono>

#include "src/base/check.h"
#include "src/base/json_writer.h"

namespace avocet {
namespace {

using std::chrono::microseconds;

// Exact limits of a LatencyHistogram.
constexpr std::array<microseconds, 19> kHistogramLimits = [] {
  std::array<microseconds, 19> limits{};
  int64_t unit = 100;
  for (size_t i = 0; i < limits.size(); ++i) {
    constexpr std::array<int64_t, 3> kSteps = {10, 25, 50};
    limits[i] = microseconds(kSteps[i % kSteps.size()] * unit);
    if (i % kSteps.size() == kSteps.size() - 1) unit *= 10;
  }
  return limits;
}();

}  // namespace

MetricsWriter& MetricsWriter::Begin(std::string_view name, Type type, std::string_view help) {
  AVOCET_CHECK((type == Type::kCounter) == name.ends_with("_total"));
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name);
  constexpr std::array<std::string_view, 3> kTypes = {" counter\n", " gauge\n", " histogram\n"};
  text_.append(kTypes[static_cast<size_t>(type)]);
  return *this;
}

void MetricsWriter::BeginSample(Labels labels, std::string_view suffix) {
  text_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& [key, value] : labels) {
    text_ += separator;
    text_.append(key).append("=\"");
    for (const char c : value) {
      if (c == '\\' || c == '"') text_ += '\\';
      c == '\n' ? text_ += "\\n" : text_ += c;
    }
    text_ += '"';
    separator = ',';
  }
  text_ += separator == ',' ? "} " : " ";
}

MetricsWriter& MetricsWriter::Sample(double value, Labels labels) {
  BeginSample(labels);
  AppendJsonDouble(value, &text_);
  text_ += '\n';
  return *this;
}

MetricsWriter& MetricsWriter::Sample(uint64_t value, Labels labels) {
  BeginSample(labels);
  text_.append(std::to_string(value)).append("\n");
  return *this;
}

MetricsWriter& MetricsWriter::Histogram(const LatencyHistogram& values,
                                        std::pair<std::string_view, std::string_view> label) {
  const auto bucket = [&](std::string_view limit, uint64_t count) {
    BeginSample({label, {"le", limit}}, "_bucket");
    text_.append(std::to_string(count)).append("\n");
  };
  for (const microseconds limit : kHistogramLimits) {
    std::string seconds;
    AppendJsonDouble(static_cast<double>(limit.count()) / 1e6, &seconds);
    bucket(seconds, values.CountUpTo(limit));
  }
  // Read once: the count is that of the last bucket, whatever is added meanwhile.
  const uint64_t count = values.count();
  bucket("+Inf", count);
  BeginSample({label}, "_sum");
  AppendJsonDouble(values.sum_seconds(), &text_);
  text_ += '\n';
  BeginSample({label}, "_count");
  text_.append(std::to_string(count)).append("\n");
  return *this;
}

}  // namespace avocet
