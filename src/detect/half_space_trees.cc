#include "src/detect/half_space_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();
// Of a window: fewer readings end the way down a tree, more outside of the range a relearning.
constexpr uint32_t kFewParts = 10;

constexpr DetectorParam kParams[] = {
    {"window", DetectorParam::Kind::kInteger, 250, 10, 60'000,
     "Readings that are counted before they become the reference."},
    {"trees", DetectorParam::Kind::kInteger, 8, 1, 100, "Number of trees."},
    {"depth", DetectorParam::Kind::kInteger, 7, 1, 12, "How often each tree halves the range."},
    {"limit", DetectorParam::Kind::kNumber, 1.3, 0.1, 10,
     "Flag a reading that is so many powers of ten rarer than if all values were equally "
     "frequent."},
};

constexpr DetectorSpec kSpec = {
    .name = "half_space_trees",
    .summary = "A reading where there have been few before, by streaming half-space trees.",
    .source = "Tan, Ting and Liu 2011, Fast Anomaly Detection for Streaming Data, IJCAI",
    .params = kParams,
};

/// Small counters in the memory of a series, two bytes each.
class Counters {
 public:
  explicit Counters(double* block) : bytes_(reinterpret_cast<std::byte*>(block)) {}

  uint16_t operator[](size_t index) const {
    uint16_t value = 0;
    std::memcpy(&value, bytes_ + index * sizeof(value), sizeof(value));
    return value;
  }
  void Set(size_t index, uint16_t value) {
    std::memcpy(bytes_ + index * sizeof(value), &value, sizeof(value));
  }
  void Increment(size_t index) {
    const uint16_t value = (*this)[index];
    if (value < UINT16_MAX) Set(index, static_cast<uint16_t>(value + 1));
  }

 private:
  std::byte* bytes_;
};

class HalfSpaceTreesRule {
 public:
  struct State {
    double low = 0, high = 0;  // of the first window
    uint32_t count = 0;        // readings of the present window
    uint32_t outside = 0;      // of these, outside of every tree
    uint32_t windows = 0;      // complete ones: 0 range, 1 first masses, 2 judging
    uint32_t unused = 0;
  };
  static_assert(sizeof(State) == 32);
  static constexpr char kTag[] = "half_space_trees/1";

  explicit HalfSpaceTreesRule(const DetectorParams& params)
      : window_(params.Integer("window")),
        trees_(params.Integer("trees")),
        depth_(params.Integer("depth")),
        limit_(params.Number("limit")) {}

  // For each tree the reference masses of its nodes, then the present ones, as uint16_t.
  size_t block_size() const { return (NumCounts() * sizeof(uint16_t) + 7) / sizeof(double); }

  bool Update(State& state, double* block, int64_t, double x, Anomaly* anomaly) const {
    Counters counts(block);
    bool flagged = false;
    if (state.windows == kJudging) flagged = Judge(state, counts, x, anomaly);
    if (!IsLearnable(x)) return flagged;
    if (state.windows == kRange) {
      state.low = state.count == 0 ? x : std::min(state.low, x);
      state.high = state.count == 0 ? x : std::max(state.high, x);
    } else {
      Count(state, counts, x);
    }
    if (++state.count == window_) Turn(state, counts);
    return flagged;
  }

  bool IsPlausible(const State& state, const double* block) const {
    if (block == nullptr) return state.count == 0 && state.windows == kRange;
    return IsLearnable(state.low) && IsLearnable(state.high) && state.low <= state.high &&
           state.count < window_ && state.outside <= state.count && state.windows <= kJudging;
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    return fmt::format("{} was {}, where hardly any of its last {} readings have been",
                       metric_label, ReadingText(anomaly.value), window_);
  }

 private:
  enum : uint32_t { kRange, kFirstMasses, kJudging };

  size_t Nodes() const { return size_t{1} << (depth_ + 1); }  // the root is node 1
  size_t NumCounts() const { return 2 * Nodes() * trees_; }
  // Where the counters of a tree begin.
  size_t Reference(uint32_t tree) const { return 2 * Nodes() * tree; }
  size_t Present(uint32_t tree) const { return Reference(tree) + Nodes(); }

  // The place of x in the range of a tree, 0 to 1 within. The range holds the data's with room on
  // both sides, two to four times as wide.
  double Place(const State& state, uint32_t tree, double x) const {
    const double spread = state.high - state.low;
    const double width = spread > 0 ? spread : std::max(0.1 * std::abs(state.low), 1e-3);
    const double shift = (tree + 0.5) / trees_;
    const double half = 2 * std::max(shift, 1 - shift);
    return ((x - state.low) / width - shift + half) / (2 * half);
  }

  // The leaf of x as a node, or 0 outside.
  size_t Leaf(const State& state, uint32_t tree, double x) const {
    const double place = Place(state, tree, x);
    if (!(place >= 0 && place < 1)) return 0;
    const size_t leaves = size_t{1} << depth_;
    return leaves + std::min(static_cast<size_t>(place * static_cast<double>(leaves)), leaves - 1);
  }

  bool Judge(const State& state, const Counters& counts, double x, Anomaly* anomaly) const {
    double crowded = 0;
    for (uint32_t tree = 0; tree < trees_; ++tree) {
      crowded += Crowdedness(counts, Reference(tree), Leaf(state, tree, x));
    }
    crowded /= trees_;
    anomaly->expected = anomaly->lower = anomaly->upper = kUnset;
    anomaly->score = std::max(0.0, std::log10((window_ + 1) / (crowded + 1)) / limit_);
    if (!(anomaly->score > 1)) return false;
    anomaly->severity = Severity::kWarning;
    anomaly->reason = "rare";
    return true;
  }

  // r * 2^k of the node where the way down ends.
  double Crowdedness(const Counters& counts, size_t reference, size_t leaf) const {
    if (leaf == 0) return 0;
    for (uint32_t level = 0; level <= depth_; ++level) {
      const uint16_t mass = counts[reference + (leaf >> (depth_ - level))];
      if (level == depth_ || mass * kFewParts < window_) {
        return static_cast<double>(mass) * static_cast<double>(size_t{1} << level);
      }
    }
    return 0;
  }

  void Count(State& state, Counters& counts, double x) const {
    bool inside = false;
    for (uint32_t tree = 0; tree < trees_; ++tree) {
      for (size_t node = Leaf(state, tree, x); node > 0; node /= 2) {
        counts.Increment(Present(tree) + node);
        inside = true;
      }
    }
    state.outside += inside ? 0 : 1;
  }

  // A window is complete: it becomes the reference.
  void Turn(State& state, Counters& counts) const {
    const bool moved = state.outside * kFewParts > window_;
    if (moved) {
      state = {};
      for (size_t i = 0; i < NumCounts(); ++i) counts.Set(i, 0);
      return;
    }
    if (state.windows != kRange) {
      for (uint32_t tree = 0; tree < trees_; ++tree) {
        for (size_t node = 1; node < Nodes(); ++node) {
          counts.Set(Reference(tree) + node, counts[Present(tree) + node]);
          counts.Set(Present(tree) + node, 0);
        }
      }
    }
    state.windows = std::min<uint32_t>(state.windows + 1, kJudging);
    state.count = state.outside = 0;
  }

  uint32_t window_, trees_, depth_;
  double limit_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<HalfSpaceTreesRule>>(
      HalfSpaceTreesRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& HalfSpaceTreesType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
