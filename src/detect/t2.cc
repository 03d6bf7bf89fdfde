#include "src/detect/t2.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/number_limits.h"
#include "src/detect/record_metrics.h"
#include "src/detect/snapshot_header.h"

namespace avocet {
namespace {

constexpr std::string_view kTag = "t2/1";
constexpr size_t kMostMetrics = 32;
constexpr double kIndependence = 0.05;
constexpr double kFarthest = 100;  // deviations that a reading counts for, at most

constexpr DetectorParam kParams[] = {
    {"sigma", DetectorParam::Kind::kNumber, 5, 0.5, 20,
     "Flag what is as improbable as one reading so many deviations from its mean."},
    {"smoothing", DetectorParam::Kind::kNumber, 1, 0.01, 1,
     "Weight of the present reading; below 1 small shifts that stay are found."},
    {"memory", DetectorParam::Kind::kInteger, 5000, 10, 1e9,
     "Readings that means, deviations and correlations are over."},
    {"min_samples", DetectorParam::Kind::kInteger, 200, 10, 1e6,
     "Readings of a metric that are learned before it takes part."},
};

constexpr DetectorSpec kSpec = {
    .name = "t2",
    .summary = "Readings of several metrics that do not go together, by Hotelling's T2.",
    .source =
        "Hotelling 1947, Multivariate Quality Control; Lowry and others 1992, Technometrics "
        "34; Mason, Young and Tracy 1995, J. Quality Technology 27",
    .params = kParams,
};

// Probability that the sum of `count` squared normal numbers is above `x`.
double ChiSquareAbove(size_t count, double x) {
  const double half = x / 2;
  const bool is_even = count % 2 == 0;
  double above = is_even ? std::exp(-half) : std::erfc(std::sqrt(half));
  // From a to a + 1: Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1). The step is carried along, as
  // std::lgamma writes a variable that all threads have in common.
  double a = is_even ? 1 : 0.5;
  double step = std::exp(-half) * (is_even ? half : 2 * std::sqrt(half / std::numbers::pi));
  for (; 2 * a < static_cast<double>(count); a += 1) {
    above += step;
    step *= half / (a + 1);
  }
  return above;
}

/// The sum of `count` squares that is as improbable as one beyond sigma^2.
double ChiSquareLimit(size_t count, double sigma) {
  const double wanted = ChiSquareAbove(1, sigma * sigma);
  double low = sigma * sigma, high = low + 100 + 10 * static_cast<double>(count);
  for (int step = 0; step < 80; ++step) {
    const double middle = (low + high) / 2;
    (ChiSquareAbove(count, middle) > wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

// What is known of a device, in one array: for each metric its mean, its smoothed distance and its
// number of readings, then its covariance with each metric up to itself. A metric more is a longer
// array.
class Knowledge {
 public:
  static constexpr size_t Size(size_t metrics) { return 3 * metrics + metrics * (metrics + 1) / 2; }

  explicit Knowledge(double* values) : values_(values) {}

  double& mean(size_t metric) { return values_[Size(metric)]; }
  double& smoothed(size_t metric) { return values_[Size(metric) + 1]; }
  double& count(size_t metric) { return values_[Size(metric) + 2]; }
  /// REQUIRES: b <= a.
  double& covariance(size_t a, size_t b) { return values_[Size(a) + 3 + b]; }

  bool IsPlausible(size_t metrics) {
    for (size_t a = 0; a < metrics; ++a) {
      if (!IsLearnable(mean(a)) || !(std::abs(smoothed(a)) <= kFarthest)) return false;
      if (!(count(a) >= 0 && count(a) < 1e18) || !(covariance(a, a) >= 0)) return false;
      for (size_t b = 0; b <= a; ++b) {
        if (!(std::abs(covariance(a, b)) <= kLargestLearned * kLargestLearned * 8)) return false;
      }
    }
    return true;
  }

 private:
  double* values_;
};

// The metrics of a record that take part, and what C^-1 makes of them.
struct Record {
  size_t size = 0;
  std::array<size_t, kMostMetrics> metric;  // place among those of the detector
  std::array<double, kMostMetrics> distance;
  std::array<double, kMostMetrics> deviation;
  std::array<std::array<double, kMostMetrics>, kMostMetrics> factor;  // Cholesky's, of C
  double t2 = 0;

  // Distances in terms of independent ones, whose squares sum up to T2.
  void Solve() {
    std::array<double, kMostMetrics> independent;
    t2 = 0;
    for (size_t i = 0; i < size; ++i) {
      double rest = distance[i];
      for (size_t j = 0; j < i; ++j) rest -= factor[i][j] * independent[j];
      independent[i] = rest / factor[i][i];
      t2 += independent[i] * independent[i];
    }
  }
};

class T2Detector final : public Detector {
 public:
  T2Detector(const DetectorParams& params, const DetectorConfig& config,
             std::span<const std::string> metrics)
      : sigma_(params.Number("sigma")),
        smoothing_(params.Number("smoothing")),
        memory_(params.Number("memory")),
        min_samples_(params.Number("min_samples")),
        config_(config) {
    for (size_t count = 1; count <= kMostMetrics; ++count) {
      limits_[count] = ChiSquareLimit(count, sigma_);
    }
    SetMetrics(metrics);
  }

  void SetMetrics(std::span<const std::string> names) override {
    metrics_ = SelectMetrics(config_, names);
    if (metrics_.size() > kMostMetrics) metrics_.resize(kMostMetrics);
  }

  void Process(const KeyedBatch& batch, AnomalySink* out) override {
    if (batch.num_slots > devices_.size()) devices_.resize(batch.num_slots);
    for (uint32_t row = 0; row < batch.rows; ++row) {
      if (batch.late[row] == 0) ProcessRow(batch, row, out);
    }
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const override {
    return Concatenated({metric_label, " was ", ReadingText(anomaly.value),
                         ", which does not go with the device's other metrics", BandText(anomaly)});
  }

  size_t StateBytes() const override {
    size_t bytes = devices_.capacity() * sizeof(devices_[0]);
    for (const auto& device : devices_) bytes += device.capacity() * sizeof(double);
    return bytes;
  }

  void Save(StateWriter* out) const override {
    SaveHeader(out, kTag, 0, metrics_);
    out->Put<uint64_t>(devices_.size());
    for (const auto& device : devices_) out->PutArray(std::span<const double>(device));
  }

  Status Load(StateReader* in) override {
    AVOCET_ASSIGN_OR_RETURN(const size_t num_saved, LoadHeader(in, kTag, 0, metrics_));
    uint64_t num_slots = 0;
    AVOCET_RETURN_IF_ERROR(in->Get(&num_slots));
    std::vector<std::vector<double>> loaded;
    // One by one: a damaged count must not make us allocate before its bytes are seen to exist.
    for (uint64_t slot = 0; slot < num_slots; ++slot) {
      std::vector<double>& device = loaded.emplace_back();
      AVOCET_RETURN_IF_ERROR(in->GetArray(&device));
      const size_t known = KnownMetrics(device.size());
      if (known > num_saved || Knowledge::Size(known) != device.size() ||
          !Knowledge(device.data()).IsPlausible(known)) {
        return StateDoesNotFit("a device");
      }
    }
    devices_ = std::move(loaded);
    return Status::Ok();
  }

 private:
  static size_t KnownMetrics(size_t size) {
    size_t metrics = 0;
    while (Knowledge::Size(metrics) < size) ++metrics;
    return metrics;
  }

  void ProcessRow(const KeyedBatch& batch, uint32_t row, AnomalySink* out) {
    std::array<double, kMostMetrics> values;
    if (!ReadRecord(batch, row, metrics_, {values.data(), metrics_.size()})) return;
    std::vector<double>& device = devices_[batch.slots[row]];
    if (device.size() < Knowledge::Size(metrics_.size())) {
      std::vector<double> larger(Knowledge::Size(metrics_.size()));
      std::copy(device.begin(), device.end(), larger.begin());
      device = std::move(larger);
    }
    Knowledge known(device.data());
    Record record;
    Gather(known, values, &record);
    double score = 0;
    if (record.size > 0) {
      record.Solve();
      const double spread = smoothing_ / (2 - smoothing_);
      score = std::sqrt(record.t2 / spread / limits_[record.size]);
    }
    if (score > 1 || (judgements() != nullptr && record.size > 0)) {
      Anomaly anomaly = Describe(known, values, record, score);
      anomaly.slot = batch.slots[row];
      anomaly.row = row;
      anomaly.event_time_us = batch.event_time_us[row];
      if (judgements() != nullptr) judgements()->push_back(JudgementOf(anomaly));
      if (score > 1) out->push_back(anomaly);
    }
    Learn(&known, values, score > 1 ? 1 / score : 1);
  }

  // Distances and the factor of C, of the metrics that can take part.
  void Gather(Knowledge& known, const std::array<double, kMostMetrics>& values, Record* record) {
    for (size_t place = 0; place < metrics_.size(); ++place) {
      if (!std::isfinite(values[place]) || known.count(place) < min_samples_) continue;
      const double deviation = std::sqrt(known.covariance(place, place));
      if (!(deviation > 0)) continue;
      const double z =
          std::clamp((values[place] - known.mean(place)) / deviation, -kFarthest, kFarthest);
      double& smoothed = known.smoothed(place);
      smoothed += smoothing_ * (z - smoothed);
      record->metric[record->size] = place;
      record->deviation[record->size] = deviation;
      record->distance[record->size++] = smoothed;
    }
    Factorise(known, record);
  }

  static void Factorise(Knowledge& known, Record* record) {
    auto& factor = record->factor;
    for (size_t i = 0; i < record->size; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double rest = 1;
        if (i != j) {
          const double covariance = known.covariance(record->metric[i], record->metric[j]);
          const double correlation = covariance / record->deviation[i] / record->deviation[j];
          rest = (1 - kIndependence) * std::clamp(correlation, -1.0, 1.0);
        }
        for (size_t k = 0; k < j; ++k) rest -= factor[i][k] * factor[j][k];
        if (i != j) {
          factor[i][j] = rest / factor[j][j];
        } else {
          // Correlations learned from different records may contradict each other.
          factor[i][i] = std::sqrt(std::max(rest, kIndependence));
        }
      }
    }
  }

  Anomaly Describe(Knowledge& known, const std::array<double, kMostMetrics>& values,
                   const Record& record, double score) const {
    // The inverse of the factor, row by row; of C^-1 the diagonal and the product with distances.
    std::array<std::array<double, kMostMetrics>, kMostMetrics> inverse;
    std::array<double, kMostMetrics> product{}, diagonal{}, parts{};
    std::array<uint16_t, kMostMetrics> metrics;
    for (size_t i = 0; i < record.size; ++i) {
      double independent = 0;
      for (size_t j = 0; j <= i; ++j) {
        double sum = i == j ? 1 : 0;
        for (size_t k = j; k < i; ++k) sum -= record.factor[i][k] * inverse[k][j];
        inverse[i][j] = sum / record.factor[i][i];
        independent += inverse[i][j] * record.distance[j];
      }
      for (size_t j = 0; j <= i; ++j) {
        product[j] += inverse[i][j] * independent;
        diagonal[j] += inverse[i][j] * inverse[i][j];
      }
    }
    size_t worst = 0;
    for (size_t i = 0; i < record.size; ++i) {
      parts[i] = product[i] * product[i] / diagonal[i];
      metrics[i] = metrics_[record.metric[i]];
      if (parts[i] > parts[worst]) worst = i;
    }
    const size_t place = record.metric[worst];
    const double deviation = record.deviation[worst];
    const double foretold = record.distance[worst] - product[worst] / diagonal[worst];
    const double reach =
        sigma_ * std::sqrt(smoothing_ / (2 - smoothing_) / diagonal[worst]) * deviation;
    Anomaly anomaly{.metric = metrics_[place],
                    .severity = score >= 2 ? Severity::kCritical : Severity::kWarning,
                    .value = values[place],
                    .expected = known.mean(place) + foretold * deviation,
                    .score = score,
                    .reason = "together"};
    anomaly.lower = anomaly.expected - reach;
    anomaly.upper = anomaly.expected + reach;
    anomaly.metrics = LargestShares({parts.data(), record.size}, {metrics.data(), record.size});
    return anomaly;
  }

  // `trust`: share of the distances that is learned.
  void Learn(Knowledge* known, const std::array<double, kMostMetrics>& values, double trust) const {
    std::array<double, kMostMetrics> change, rate;
    for (size_t a = 0; a < metrics_.size(); ++a) {
      rate[a] = 0;
      if (!IsLearnable(values[a])) continue;
      known->count(a) += 1;
      rate[a] = 1 / std::min(known->count(a), memory_);
      if (known->count(a) == 1) known->mean(a) = values[a];
      change[a] = trust * (values[a] - known->mean(a));
      for (size_t b = 0; b <= a; ++b) {
        if (rate[b] == 0) continue;
        const double step = std::max(rate[a], rate[b]);
        double& covariance = known->covariance(a, b);
        covariance += step * ((1 - step) * change[a] * change[b] - covariance);
      }
    }
    for (size_t a = 0; a < metrics_.size(); ++a) {
      if (rate[a] > 0) known->mean(a) += rate[a] * change[a];
    }
  }

  const double sigma_, smoothing_, memory_, min_samples_;
  const DetectorConfig config_;
  std::array<double, kMostMetrics + 1> limits_{};  // by number of metrics that take part
  std::vector<uint16_t> metrics_;                  // ascending
  std::vector<std::vector<double>> devices_;       // by slot; empty before the first reading
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<T2Detector>(DetectorParams(config, kSpec), config, metrics);
}

}  // namespace

const DetectorType& T2Type() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
