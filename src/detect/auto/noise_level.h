// NoiseLevel: whether a series changes more, or less, from reading to reading than it used to.
//
// The recent mean square of its steps against the long-term one, as a logarithm, in units of the
// logarithm's own deviation. Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "src/detect/auto/quick_log.h"
#include "src/detect/auto/rate_after.h"

namespace avocet::auto_detect {

class NoiseLevel {
 public:
  /// `square`: of the change from one reading to the next, or the mean of several. Returns the
  /// distance from ordinary in deviations, positive for more noise; 0 while not known.
  float Update(double square) {
    constexpr float kFast = 1.0F / 30;
    constexpr float kSlow = 0.0005F;
    constexpr uint32_t kClipsAfter = 200;
    constexpr uint32_t kLooksAfter = 100;
    if (count_ != UINT16_MAX) ++count_;
    NoteChange(square);
    const bool clips = count_ > kClipsAfter;
    const double learned = clips ? std::min(square, 16 * slow_) : square;
    const uint32_t before = count_ - 1U;
    fast_ += double{RateAfter(before, kFast)} * (learned - fast_);
    slow_ += double{RateAfter(before, kSlow)} *
             ((clips ? std::min(learned, 9 * slow_) : learned) - slow_);
    if (count_ <= kLooksAfter || !(slow_ > 0)) return 0;
    // A change or two of a series that hardly ever changes are no noise.
    const double least =
        kRareChanges * double{kFast} * static_cast<double>(step_) * static_cast<double>(step_);
    return Standardise(
        QuickLog(static_cast<float>((fast_ + 0.02 * slow_ + least) / (slow_ + least))));
  }

  /// The smallest change there has been, which is the step of a series of whole numbers or of few
  /// decimals; 0 before the first.
  float step() const { return step_; }

  /// From one reading to the next: the root of their mean square.
  double usual_change() const { return std::sqrt(slow_); }

  /// What is lost of a value because the series hardly ever leaves a step of its scale for another;
  /// 0 when it changes so often that means tell what lies between two steps.
  float coarseness() const {
    constexpr double kOften = 0.1;  // changes a reading
    const double step = static_cast<double>(step_);
    const double often = kOften * step * step;
    if (slow_ >= often) return 0;
    return static_cast<float>(step * (1 - slow_ / often));
  }

  bool IsPlausible() const {
    const auto fits = [](double x) { return x >= 0 && x < 1e120; };
    return step_ >= 0 && step_ <= kLargestStep && fits(fast_) && fits(slow_) &&
           std::abs(mean_) < 1e3F && variance_ >= 0 && variance_ < 1e6F;
  }

 private:
  static constexpr double kRareChanges = 2;
  static constexpr float kLargestStep = 1e30F;

  void NoteChange(double square) {
    const double known = static_cast<double>(step_);
    if (!(square > 0) || (step_ > 0 && square >= known * known)) return;
    step_ = std::min(static_cast<float>(std::min(std::sqrt(square), 1e30)), kLargestStep);
  }

  float Standardise(float level) {
    constexpr float kRate = 0.0005F;
    constexpr uint32_t kJudgesAfter = 300;
    if (looks_ != UINT16_MAX) ++looks_;
    const bool judges = looks_ > kJudgesAfter && variance_ > 0;
    const float deviation = std::sqrt(variance_);
    const float distance = level - mean_;
    const float learned = judges ? std::clamp(distance, -4 * deviation, 4 * deviation) : distance;
    const float rate = RateAfter(looks_ - 1U, kRate);
    mean_ += rate * learned;
    variance_ = (1 - rate) * (variance_ + rate * learned * learned);
    return judges ? distance / deviation : 0;
  }

  double fast_, slow_;
  float mean_, variance_;  // of the logarithm
  float step_;
  uint16_t count_, looks_;
};

}  // namespace avocet::auto_detect
