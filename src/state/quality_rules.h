// QualityRules: which values are valid, per metric: range, allowed values, not null, largest rate.
//
// Owned by one shard. max_rate compares with the device's newest valid value of the metric; late
// readings are not judged by it and do not move it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/state/state_io.h"

namespace avocet {

enum class QualityRule : uint8_t { kRange, kMaxRate, kNotNull, kAllowed };
inline constexpr size_t kNumQualityRules = 4;
std::string_view QualityRuleName(QualityRule rule);

/// A value that broke a rule, and what happened to it.
struct Violation {
  uint32_t row = 0;
  uint16_t metric = 0;
  QualityRule rule = QualityRule::kRange;
  InvalidAction action = InvalidAction::kNullify;
  double value = 0;
};

class QualityRules {
 public:
  /// `metrics` may hold fewer entries than there are metrics: the others have no rules.
  explicit QualityRules(std::vector<MetricConfig> metrics);

  bool empty() const { return !any_rule_; }

  /// Judges one reading: nullified values become NaN in `values`, every breach is appended to `out`
  /// with `row`. Returns the strongest action that applies to the reading as a whole:
  /// kDrop, kFail, or kWarn when the reading stays.
  InvalidAction Apply(uint32_t slot, uint32_t row, int64_t event_time_us, bool late,
                      std::span<double> values, std::vector<Violation>* out);

  /// One sentence, for example "temperature is 120, outside its range -40 to 85".
  std::string Explain(const Violation& violation) const;

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  struct LastValue {
    int64_t time_us;
    double value;
  };
  bool ExceedsRate(uint32_t slot, size_t metric, int64_t event_time_us, double value) const;

  std::vector<MetricConfig> metrics_;
  bool any_rule_ = false;
  std::vector<std::vector<LastValue>> last_;  // [metric][slot], only for metrics with max_rate
};

}  // namespace avocet
