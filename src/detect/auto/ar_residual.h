// ArResidual: how far a value is from what the three before it foretell.
//
// An autoregressive model of order 3 with intercept, fitted by recursive least squares (Ljung,
// System Identification, 1999) on values standardised by their exponentially weighted moments.
// What is learned is clipped: one broken value does not move the model by more than a large
// ordinary one. About 90 bytes; raw bytes of a snapshot.
#pragma once

#include <cstdint>

namespace avocet::auto_detect {

struct ArRule {
  float memory;    ///< share that the past keeps with each value, for example 0.9995
  uint32_t young;  ///< values up to which a far one counts as less far: see ArResidual::Clipped
};

class ArResidual {
 public:
  static constexpr int kOrder = 3;

  struct Result {
    float z = 0;           ///< residual in units of its usual size, signed; 0 while not known
    double predicted = 0;  ///< the prediction
    double unit = 0;       ///< the residual's usual size, in units of the values
    double distance = 0;   ///< from the mean, in deviations
  };

  /// Judges x, then learns it. `lags`: the three values before it, newest first. `step`: of the
  /// values, an error of which means nothing; 0: not known.
  Result Update(double x, const double* lags, const ArRule& rule, float step);

  bool IsPlausible() const;

 private:
  static constexpr int kTerms = kOrder + 1;
  // Four numbers that are computed with at once: learning these is much of what a series costs.
  using Row = float __attribute__((vector_size(kTerms * sizeof(float))));
  void Begin(double x);
  double Clipped(double distance) const;
  void Learn(const Row& terms, float error, float memory);

  double mean_ = 0, variance_ = 0;
  float weights_[kTerms] = {};
  float covariance_[kTerms * (kTerms + 1) / 2] = {};  // upper triangle, by rows
  float residual_variance_ = 0;
  uint32_t count_ = 0;
};

}  // namespace avocet::auto_detect
