// MetricsText: numbers in the Prometheus text format.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/latency_histogram.h"

namespace avocet {

/// Writes families of metrics: Begin once for each, then its samples.
class MetricsWriter {
 public:
  enum class Type { kCounter, kGauge, kHistogram };
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// `name` is avocet_<noun>_<unit>; that of a counter ends in _total.
  MetricsWriter& Begin(std::string_view name, Type type, std::string_view help);
  MetricsWriter& Sample(double value, Labels labels = {});
  MetricsWriter& Sample(uint64_t value, Labels labels = {});
  /// The samples of a histogram in seconds, three buckets a decade from a millisecond on.
  MetricsWriter& Histogram(const LatencyHistogram& values,
                           std::pair<std::string_view, std::string_view> label);

  std::string Take() { return std::move(text_); }

 private:
  void BeginSample(Labels labels, std::string_view suffix = {});

  std::string name_;
  std::string text_;
};

}  // namespace avocet
