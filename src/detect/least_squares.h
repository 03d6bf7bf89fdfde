// LeastSquares: recursive least squares with exponential forgetting, in memory that somebody else
// owns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace avocet {

/// Weights of `size` inputs. Minimises the sum of forget^age * error^2, and 1/kTrust times the
/// squared distance from the first weights, which fades as well. Plackett 1950, Biometrika 37.
class LeastSquares {
 public:
  static constexpr size_t kMostInputs = 16;

  static constexpr size_t MemorySize(size_t size) { return size + size * size; }

  /// Borrows `memory` of MemorySize(size) doubles. REQUIRES: size <= kMostInputs.
  LeastSquares(double* memory, size_t size)
      : weights_(memory, size), covariance_(memory + size), size_(size) {}

  std::span<double> weights() { return weights_; }

  /// Forgets everything but the weights.
  void Restart() {
    std::fill(covariance_, covariance_ + size_ * size_, 0.0);
    for (size_t i = 0; i < size_; ++i) At(i, i) = kTrust;
  }

  double Predict(std::span<const double> inputs) const {
    double sum = 0;
    for (size_t i = 0; i < size_; ++i) sum += weights_[i] * inputs[i];
    return sum;
  }

  /// Learns that the prediction for `inputs` was off by `error`.
  void Learn(std::span<const double> inputs, double error, double forget) {
    double product[kMostInputs];  // covariance * inputs
    double scale = forget;
    for (size_t i = 0; i < size_; ++i) {
      product[i] = 0;
      for (size_t j = 0; j < size_; ++j) product[i] += At(i, j) * inputs[j];
      scale += inputs[i] * product[i];
    }
    double trace = 0;
    for (size_t i = 0; i < size_; ++i) {
      weights_[i] += product[i] / scale * error;
      for (size_t j = 0; j <= i; ++j) {
        At(i, j) = At(j, i) = (At(i, j) - product[i] * product[j] / scale) / forget;
      }
      trace += At(i, i);
    }
    // Inputs that stay the same say nothing of the others, whose variance grows without end.
    if (!(trace < kLargestTrace)) Restart();
  }

 private:
  static constexpr double kTrust = 100;
  static constexpr double kLargestTrace = 1e6;

  double& At(size_t row, size_t column) { return covariance_[row * size_ + column]; }

  std::span<double> weights_;
  double* covariance_;
  size_t size_;
};

}  // namespace avocet
