#include "src/cli/schema_measures.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "src/decode/decoder.h"

namespace avocet {
namespace {

double Median(std::vector<double>* values) {
  const auto middle = values->begin() + static_cast<std::ptrdiff_t>(values->size() / 2);
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

class Measurer {
 public:
  explicit Measurer(size_t metrics) : values_(metrics), nulls_(metrics) {}

  void Add(const ReadingBatch& batch) {
    for (const RejectedRecord& rejected : batch.rejected) {
      ++measures_.rejected;
      ++measures_.rejected_by_code[rejected.code];
      if (measures_.first_rejection.empty()) measures_.first_rejection = rejected.message;
    }
    for (size_t row = 0; row < batch.rows; ++row) AddTime(batch, row);
    for (size_t i = 0; i < values_.size(); ++i) {
      for (const double value : batch.metrics[i]) {
        if (std::isnan(value)) {
          ++nulls_[i];
        } else {
          values_[i].push_back(value);
        }
      }
    }
  }

  SchemaMeasures Take() {
    measures_.devices = newest_.size();
    if (!gaps_us_.empty()) measures_.period_us = static_cast<int64_t>(Median(&gaps_us_));
    for (size_t i = 0; i < values_.size(); ++i) {
      MetricSummary summary{values_[i].size(), nulls_[i]};
      if (!values_[i].empty()) {
        const auto [min, max] = std::minmax_element(values_[i].begin(), values_[i].end());
        summary.min = *min;
        summary.max = *max;
        summary.median = Median(&values_[i]);
      }
      measures_.metrics.push_back(summary);
    }
    return std::move(measures_);
  }

 private:
  void AddTime(const ReadingBatch& batch, size_t row) {
    const int64_t time_us = batch.event_time_us[row];
    measures_.first_us = measures_.accepted == 0 ? time_us : std::min(measures_.first_us, time_us);
    measures_.last_us = std::max(measures_.last_us, time_us);
    ++measures_.accepted;
    const auto [newest, is_new] = newest_.emplace(batch.device[row], time_us);
    if (is_new) return;
    if (time_us > newest->second) {
      gaps_us_.push_back(static_cast<double>(time_us - newest->second));
      newest->second = time_us;
    } else if (time_us < newest->second) {
      ++measures_.late;
    }
  }

  SchemaMeasures measures_;
  std::unordered_map<std::string, int64_t> newest_;
  std::vector<double> gaps_us_;
  std::vector<std::vector<double>> values_;
  std::vector<uint64_t> nulls_;
};

}  // namespace

SchemaMeasures MeasureSchema(const Sample& sample, const SchemaGuess& guess, int64_t now_us) {
  SchemaConfig schema = guess.schema;
  schema.max_future = std::chrono::hours(24 * 36'500);
  std::vector<std::string> names;
  for (const GuessedMetric& metric : guess.metrics) {
    schema.metrics.push_back(metric.config);
    names.push_back(metric.config.name);
  }
  const auto decoder = MakeDecoder(schema);
  decoder->SetMetrics(names);
  Measurer measurer(names.size());
  ReadingBatch readings;
  for (const RawBatch& batch : sample.batches) {
    decoder->Decode(batch, 0, batch.records.size(), now_us, &readings);
    measurer.Add(readings);
  }
  return measurer.Take();
}

}  // namespace avocet
