// RulFit: learns a RulModel from the lives of devices that failed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/state/rul_model.h"

namespace avocet {

/// What a device measured in one hour.
struct LifeHour {
  int64_t hour_us = 0;
  std::vector<double> means;  ///< one for each metric, NaN where there is none
};

/// A life that ended in a failure.
struct DeviceLife {
  std::vector<LifeHour> hours;  ///< ascending, not empty, none after the failure
  int64_t failed_us = 0;
};

class RulFit {
 public:
  /// With fewer lives nothing can be learned, nor tested.
  static constexpr size_t kFewestLives = 10;

  /// Five eighths of the median life, at least 12 hours: before that most devices look alike.
  /// REQUIRES: there is a life.
  static double UsualCap(const std::vector<DeviceLife>& lives);

  /// What is further away than `cap_hours` counts as that far. The quality and the intervals are
  /// found on lives that were left out (5-fold cross-validation). kInvalid with fewer than
  /// kFewestLives.
  static Result<RulModel> Fit(const std::vector<std::string>& metrics,
                              const std::vector<DeviceLife>& lives, double cap_hours);

 private:
  struct Row {
    std::vector<double> features;
    double left = 0;  // hours
    size_t life = 0;
  };
  struct Guess {
    double estimate = 0, truth = 0;
  };

  RulFit(std::vector<Row> rows, RulModel* model) : rows_(std::move(rows)), model_(*model) {}

  static std::vector<Row> RowsOf(const std::vector<DeviceLife>& lives, const RulModel& model);
  static bool InFold(const Row& row, size_t fold);

  // The following leave out the lives of one fold; kNoFold: none.
  void Standardize(size_t fold);
  void FitWeights(size_t fold);
  void FindErrors(const std::vector<Guess>& guesses, size_t fold);

  // What is said of each row by weights that its life had no part in.
  std::vector<Guess> GuessEach();
  RulQuality Measure(const std::vector<Guess>& guesses, size_t lives);

  const std::vector<Row> rows_;
  RulModel& model_;
};

}  // namespace avocet
