// RulModel: how much useful life a device has left, learned from devices that failed.
//
// Ridge regression (Hoerl & Kennard 1970, Technometrics 12) on LifeFeatures. The interval is that
// of the recorded lives for which the model said about the same.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/state/life_features.h"

namespace avocet {

/// Hours that the state of a metric adds to what a device of the record has on average, or takes
/// from it (negative).
struct LifeShare {
  std::string metric;
  double hours = 0;
};

/// Useful life in hours, from the newest hour of a device on. At `cap` it may be any more.
struct RulEstimate {
  double hours = 0;
  double low = 0, high = 0;       ///< 80 % interval
  double cap = 0;                 ///< of the model
  std::vector<LifeShare> shares;  ///< that which takes most first
};

/// How good a model is, by lives that it was not fitted on.
struct RulQuality {
  double rmse_hours = 0;
  double coverage = 0;  ///< share of hours in which the 80 % interval holds the truth
  size_t lives = 0;
};

class RulModel {
 public:
  /// The text of a model file (docs/formats/rul-model.md), and back: kCorrupt for a text that is
  /// damaged or no such file, kUnsupported for a version that this program does not know.
  std::string Encode() const;
  static Result<RulModel> Decode(std::string_view text);

  /// What is remembered of a device of which nothing has been seen yet.
  LifeFeatures Begin() const { return {metrics_.size(), cap_hours_}; }
  RulEstimate Estimate(const LifeFeatures& life) const;

  const std::vector<std::string>& metrics() const { return metrics_; }
  double cap_hours() const { return cap_hours_; }
  const RulQuality& quality() const { return quality_; }

 private:
  friend class RulFit;

  // Errors, truth less estimate, of estimates up to `below`: their 10 % and 90 % quantiles.
  struct Errors {
    double below = 0, low = 0, high = 0;
  };

  RulModel() = default;

  // Hours that a feature adds; one that is not known adds none.
  double Part(const std::vector<double>& features, size_t index) const;
  double Predict(const std::vector<double>& features) const;
  std::pair<double, double> Interval(double estimate) const;

  std::vector<std::string> metrics_;
  double cap_hours_ = 0;
  RulQuality quality_;
  double bias_ = 0;
  std::vector<double> means_, scales_, weights_;  // one for each feature
  std::vector<Errors> errors_;                    // ascending, not empty
};

}  // namespace avocet
