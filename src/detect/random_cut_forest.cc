#include "src/detect/random_cut_forest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "src/detect/cut_tree.h"
#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/moments.h"
#include "src/detect/number_limits.h"
#include "src/detect/record_metrics.h"
#include "src/detect/snapshot_header.h"

namespace avocet {
namespace {

constexpr std::string_view kTag = "random_cut_forest/1";
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr uint32_t kScaleAfter = 30;  // values
constexpr double kFarthest = 1e6;     // deviations
constexpr double kLeastDeviation = 0.1;
constexpr double kSlowest = 2000;  // records that mean and deviation are over

constexpr DetectorParam kParams[] = {
    {"trees", DetectorParam::Kind::kInteger, 20, 1, 200, "Number of trees."},
    {"samples", DetectorParam::Kind::kInteger, 128, 8, CutTree::kMostPoints,
     "Records that a tree holds."},
    {"memory", DetectorParam::Kind::kInteger, 2000, 8, 1e9,
     "Records that the samples are drawn from; at least samples is used."},
    {"shingle", DetectorParam::Kind::kInteger, 1, 1, 64, "Records in a row that make a point."},
    {"sigma", DetectorParam::Kind::kNumber, 5, 0.5, 100,
     "Flag a displacement so many deviations above its mean, both of logarithms."},
    {"min_samples", DetectorParam::Kind::kInteger, 200, 2, 1e6,
     "Displacements that are learned, once the trees are full, before any is flagged."},
};

constexpr DetectorSpec kSpec = {
    .name = "random_cut_forest",
    .summary = "Records of several metrics where hardly any were before.",
    .source =
        "Guha and others 2016, Robust Random Cut Forest Based Anomaly Detection on Streams, "
        "ICML",
    .params = kParams,
};

struct Shape {
  size_t trees = 0, samples = 0, shingle = 0;
};

/// The forest of a device. Dimensions are metric by metric the records of the shingle, newest
/// first, so that a metric more is more dimensions at the end.
class Forest {
 public:
  Forest(const Shape& shape, size_t metrics)
      : shape_(shape), heads_(shape.trees), nodes_(shape.trees * CutTree::Nodes(shape.samples)) {
    Widen(metrics);
    for (size_t tree = 0; tree < shape_.trees; ++tree) Tree(tree).Clear();
  }

  size_t metrics() const { return scales_.size(); }
  size_t dims() const { return metrics() * shape_.shingle; }

  void Widen(size_t metrics) {
    const size_t before = dims(), after = metrics * shape_.shingle;
    scales_.resize(metrics);
    recent_.resize(after);
    points_ = Widened(points_, shape_.trees * shape_.samples, before, after);
    boxes_ = Widened(boxes_, 2 * shape_.trees * (shape_.samples - 1), before, after);
  }

  /// The point that ends with a record; values are NaN where unknown.
  std::span<const float> Follow(std::span<const double> values) {
    for (size_t metric = 0; metric < values.size(); ++metric) {
      float* lags = recent_.data() + metric * shape_.shingle;
      std::copy_backward(lags, lags + shape_.shingle - 1, lags + shape_.shingle);
      if (std::isfinite(values[metric])) lags[0] = Place(&scales_[metric], values[metric]);
    }
    return recent_;
  }

  /// Mean displacement of the point, and how much of it each metric makes.
  double Displacement(std::span<const float> point, std::vector<double>* parts) {
    std::vector<double> by_dim(dims());
    double sum = 0;
    for (size_t tree = 0; tree < shape_.trees; ++tree) {
      sum += Tree(tree).Displacement(point, by_dim);
    }
    parts->assign(metrics(), 0);
    for (size_t dim = 0; dim < by_dim.size(); ++dim) (*parts)[dim / shape_.shingle] += by_dim[dim];
    return sum / static_cast<double>(shape_.trees);
  }

  /// Each tree takes the point at first, then with a probability of samples / memory.
  void Learn(std::span<const float> point, double memory) {
    for (size_t index = 0; index < shape_.trees; ++index) {
      CutDraws draws(records * shape_.trees + index);
      CutTree tree = Tree(index);
      if (tree.size() == shape_.samples) {
        if (draws.Uniform() * memory >= static_cast<double>(shape_.samples)) continue;
        tree.RemoveAny(&draws);
      }
      tree.Insert(point, &draws);
    }
    ++records;
  }

  size_t StateBytes() const {
    return sizeof(*this) + heads_.capacity() * sizeof(heads_[0]) +
           nodes_.capacity() * sizeof(nodes_[0]) + scales_.capacity() * sizeof(scales_[0]) +
           (recent_.capacity() + points_.capacity() + boxes_.capacity()) * sizeof(float);
  }

  void Save(StateWriter* out) const {
    out->Put(records);
    out->Put(mean);
    out->Put(variance);
    out->PutArray(std::span<const Moments>(scales_));
    out->PutArray(std::span<const float>(recent_));
    out->PutArray(std::span<const CutTree::Head>(heads_));
    out->PutArray(std::span<const CutTree::Node>(nodes_));
    out->PutArray(std::span<const float>(points_));
    out->PutArray(std::span<const float>(boxes_));
  }

  /// After an error the forest must be thrown away.
  Status Load(StateReader* in, size_t most_metrics) {
    AVOCET_RETURN_IF_ERROR(in->Get(&records));
    AVOCET_RETURN_IF_ERROR(in->Get(&mean));
    AVOCET_RETURN_IF_ERROR(in->Get(&variance));
    AVOCET_RETURN_IF_ERROR(in->GetArray(&scales_));
    AVOCET_RETURN_IF_ERROR(in->GetArray(&recent_));
    AVOCET_RETURN_IF_ERROR(in->GetArray(&heads_));
    AVOCET_RETURN_IF_ERROR(in->GetArray(&nodes_));
    AVOCET_RETURN_IF_ERROR(in->GetArray(&points_));
    AVOCET_RETURN_IF_ERROR(in->GetArray(&boxes_));
    const bool fits = metrics() <= most_metrics && recent_.size() == dims() &&
                      heads_.size() == shape_.trees &&
                      nodes_.size() == shape_.trees * CutTree::Nodes(shape_.samples) &&
                      points_.size() == shape_.trees * shape_.samples * dims() &&
                      boxes_.size() == 2 * shape_.trees * (shape_.samples - 1) * dims();
    if (!fits || !(std::abs(mean) < 100) || !(variance >= 0 && variance < 1e4)) {
      return StateDoesNotFit("a device");
    }
    const auto is_plausible = [](const Moments& scale) { return scale.IsPlausible(); };
    const auto is_near = [](float x) { return std::abs(x) <= static_cast<float>(kFarthest); };
    if (!std::all_of(scales_.begin(), scales_.end(), is_plausible) ||
        !std::all_of(recent_.begin(), recent_.end(), is_near)) {
      return StateDoesNotFit("a metric of a device");
    }
    for (size_t tree = 0; tree < shape_.trees; ++tree) {
      if (!Tree(tree).IsPlausible()) return StateDoesNotFit("a tree");
    }
    return Status::Ok();
  }

  uint64_t records = 0;           ///< learned
  double mean = 0, variance = 0;  ///< of the logarithm of the displacement

 private:
  static std::vector<float> Widened(const std::vector<float>& from, size_t rows, size_t before,
                                    size_t after) {
    std::vector<float> to(rows * after);
    for (size_t row = 0; before > 0 && row < rows; ++row) {
      std::copy_n(from.data() + row * before, before, to.data() + row * after);
    }
    return to;
  }

  // In deviations from the mean of the first values; 0 before these are known.
  static float Place(Moments* scale, double x) {
    if (scale->count < kScaleAfter) {
      if (IsLearnable(x)) scale->Add(x);
      return 0;
    }
    const double least = std::max(0.1 * std::abs(scale->mean), 1e-3);
    const double spread = scale->Std();
    const double place = scale->Deviation(x) / (spread > 0 ? spread : least);
    return static_cast<float>(std::clamp(place, -kFarthest, kFarthest));
  }

  CutTree Tree(size_t tree) {
    return {shape_.samples,
            dims(),
            &heads_[tree],
            nodes_.data() + tree * CutTree::Nodes(shape_.samples),
            points_.data() + tree * shape_.samples * dims(),
            boxes_.data() + 2 * tree * (shape_.samples - 1) * dims()};
  }

  Shape shape_;
  std::vector<Moments> scales_;  // of the first values of each metric
  std::vector<float> recent_;
  std::vector<CutTree::Head> heads_;
  std::vector<CutTree::Node> nodes_;
  std::vector<float> points_, boxes_;
};

class RandomCutForestDetector final : public Detector {
 public:
  RandomCutForestDetector(const DetectorParams& params, const DetectorConfig& config,
                          std::span<const std::string> metrics)
      : shape_{params.Integer("trees"), params.Integer("samples"), params.Integer("shingle")},
        memory_(params.Number("memory")),
        sigma_(params.Number("sigma")),
        min_samples_(params.Number("min_samples")),
        config_(config) {
    SetMetrics(metrics);
  }

  void SetMetrics(std::span<const std::string> names) override {
    metrics_ = SelectMetrics(config_, names);
  }

  void Process(const KeyedBatch& batch, AnomalySink* out) override {
    if (batch.num_slots > devices_.size()) devices_.resize(batch.num_slots);
    for (uint32_t row = 0; row < batch.rows; ++row) {
      if (batch.late[row] == 0) ProcessRow(batch, row, out);
    }
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const override {
    return Concatenated({metric_label, " was ", ReadingText(anomaly.value),
                         " in a reading of the device that is far from all before, mostly by this "
                         "metric"});
  }

  size_t StateBytes() const override {
    size_t bytes = devices_.capacity() * sizeof(devices_[0]);
    for (const auto& device : devices_) bytes += device == nullptr ? 0 : device->StateBytes();
    return bytes;
  }

  void Save(StateWriter* out) const override {
    SaveHeader(out, kTag, Layout(), metrics_);
    out->Put<uint64_t>(devices_.size());
    for (const auto& device : devices_) {
      out->Put<uint8_t>(device != nullptr);
      if (device != nullptr) device->Save(out);
    }
  }

  Status Load(StateReader* in) override {
    AVOCET_ASSIGN_OR_RETURN(const size_t num_saved, LoadHeader(in, kTag, Layout(), metrics_));
    uint64_t num_slots = 0;
    AVOCET_RETURN_IF_ERROR(in->Get(&num_slots));
    std::vector<std::unique_ptr<Forest>> loaded;
    // One by one: a damaged count must not make us allocate before its bytes are seen to exist.
    for (uint64_t slot = 0; slot < num_slots; ++slot) {
      uint8_t is_known = 0;
      AVOCET_RETURN_IF_ERROR(in->Get(&is_known));
      loaded.emplace_back();
      if (is_known == 0) continue;
      loaded.back() = std::make_unique<Forest>(shape_, 0);
      AVOCET_RETURN_IF_ERROR(loaded.back()->Load(in, num_saved));
    }
    devices_ = std::move(loaded);
    return Status::Ok();
  }

 private:
  uint64_t Layout() const { return shape_.trees << 32 | shape_.samples << 16 | shape_.shingle; }

  void ProcessRow(const KeyedBatch& batch, uint32_t row, AnomalySink* out) {
    values_.resize(metrics_.size());
    if (!ReadRecord(batch, row, metrics_, values_)) return;
    auto& device = devices_[batch.slots[row]];
    if (device == nullptr) device = std::make_unique<Forest>(shape_, metrics_.size());
    if (device->metrics() < metrics_.size()) device->Widen(metrics_.size());
    const std::span<const float> point = device->Follow(values_);
    const double displaced = device->Displacement(point, &parts_);
    const double score = Judge(device.get(), displaced);
    device->Learn(point, memory_);
    if (score <= 1 && judgements() == nullptr) return;
    Anomaly anomaly = Describe(score);
    anomaly.slot = batch.slots[row];
    anomaly.row = row;
    anomaly.event_time_us = batch.event_time_us[row];
    if (score > 1) out->push_back(anomaly);
    if (judgements() != nullptr) judgements()->push_back(JudgementOf(anomaly));
  }

  double Judge(Forest* device, double displaced) const {
    // While trees fill up, all displacements are small.
    if (device->records <= kScaleAfter + shape_.samples) return 0;
    const auto judged = static_cast<double>(device->records - kScaleAfter - shape_.samples);
    const double excess = std::log(std::max(displaced, 1.0)) - device->mean;
    const double tolerated = sigma_ * std::max(std::sqrt(device->variance), kLeastDeviation);
    const bool judges = judged > min_samples_;
    const double learned = judges ? std::min(excess, tolerated) : excess;
    const double rate = 1 / std::min(judged, kSlowest);
    device->mean += rate * learned;
    device->variance += rate * ((1 - rate) * learned * learned - device->variance);
    return judges ? std::max(0.0, excess / tolerated) : 0;
  }

  // Of the metric that is in the record and has the largest part.
  Anomaly Describe(double score) const {
    size_t worst = metrics_.size();
    for (size_t place = 0; place < metrics_.size(); ++place) {
      if (!std::isfinite(values_[place])) continue;
      if (worst == metrics_.size() || parts_[place] > parts_[worst]) worst = place;
    }
    Anomaly anomaly{.metric = metrics_[worst],
                    .severity = score >= 2 ? Severity::kCritical : Severity::kWarning,
                    .value = values_[worst],
                    .expected = kUnknown,
                    .lower = kUnknown,
                    .upper = kUnknown,
                    .score = score,
                    .reason = "outlier"};
    anomaly.metrics = LargestShares(parts_, metrics_);
    return anomaly;
  }

  const Shape shape_;
  const double memory_, sigma_, min_samples_;
  const DetectorConfig config_;
  std::vector<uint16_t> metrics_;                 // ascending
  std::vector<std::unique_ptr<Forest>> devices_;  // by slot; null before the first reading
  // Of the row that is looked at.
  std::vector<double> values_, parts_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<RandomCutForestDetector>(DetectorParams(config, kSpec), config, metrics);
}

}  // namespace

const DetectorType& RandomCutForestType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
