// NoiseLevel: whether a series changes more, or less, from reading to reading than it used to.
//
// The recent mean square of its steps against the long-term one, as a logarithm, in units of the
// logarithm's own deviation. More noise fires beyond a floor, or somewhat beyond the loudest time
// that is over, of which each adds a little: what comes every day becomes ordinary. Raw bytes of a
// snapshot; zero-initialised is empty.
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
  /// distance from ordinary in units of its limit, positive for more noise; 0 while not known.
  /// `period_s`: usual time between two readings. `learns` false: what is ordinary stays as it is.
  float Update(double square, float period_s, bool learns) {
    constexpr float kFast = 1.0F / 30;
    constexpr uint32_t kClipsAfter = 200;
    const float slowest = std::clamp(period_s * kPerSecond, kSlowest, kFastest);
    CountReading();
    NoteChange(square);
    const bool clips = count_ > kClipsAfter;
    const double learned = clips ? std::min(square, 16 * slow_) : square;
    const uint32_t before = count_ - 1U;
    fast_ += double{RateAfter(before, kFast)} * (learned - fast_);
    if (learns) {
      slow_ += double{RateAfter(before, slowest)} *
               ((clips ? std::min(learned, 9 * slow_) : learned) - slow_);
    }
    if (count_ <= kLooksAfter) return 0;
    if (!(slow_ > 0)) {
      count_ = kLooksAfter;  // until it changes for the first time
      return 0;
    }
    // A change or two of a series that hardly ever changes are no noise.
    const double least =
        kRareChanges * double{kFast} * static_cast<double>(step_) * static_cast<double>(step_);
    return Judge(QuickLog(static_cast<float>((fast_ + 0.02 * slow_ + least) / (slow_ + least))),
                 slowest, learns);
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
  static constexpr uint32_t kLooksAfter = 100;
  static constexpr uint32_t kJudgesAfter = 300;
  // What is ordinary is forgotten in a day, but in so many readings at least, and at most.
  static constexpr float kPerSecond = 1e-5F;
  static constexpr float kFastest = 1.0F / 2000;
  static constexpr float kSlowest = 1.0F / 16'384;
  static constexpr uint32_t kMostCount = 32'767;
  static constexpr uint32_t kPerForgetting = 16'384;  // readings
  static constexpr uint32_t kForgotten = 8;           // one in so many units, each time
  // In deviations:
  static constexpr float kCalm = 3;
  static constexpr float kFloor = 6;
  static constexpr float kPeakUnit = 2;
  static constexpr float kFurthestUnit = 0.125F;
  static constexpr uint32_t kMostPeak = 63;  // units
  static constexpr uint32_t kMostFurthest = 2047;
  static constexpr float kRecordFactor = 1.2F;  // of the furthest: the limit
  static constexpr float kGrowth = 1.25F;       // what one loud time may add to it
  static constexpr double kRareChanges = 2;
  static constexpr float kLargestStep = 1e30F;

  void NoteChange(double square) {
    const double known = static_cast<double>(step_);
    if (!(square > 0) || (step_ > 0 && square >= known * known)) return;
    step_ = std::min(static_cast<float>(std::min(std::sqrt(square), 1e30)), kLargestStep);
  }

  float Judge(float level, float slowest, bool learns) {
    const uint32_t looks = count_ - kLooksAfter;
    const bool judges = looks > kJudgesAfter && variance_ > 0;
    const float deviation = std::sqrt(variance_);
    const float distance = level - mean_;
    if (learns) {
      const float learned = judges ? std::clamp(distance, -4 * deviation, 4 * deviation) : distance;
      const float rate = RateAfter(looks - 1, slowest);
      mean_ += rate * learned;
      variance_ = (1 - rate) * (variance_ + rate * learned * learned);
    }
    if (!judges) return 0;
    return distance / (deviation * LimitAfter(distance / deviation));
  }

  // A time that is louder than others is history only once it is over: as LevelWatch has it, but in
  // seventeen bits, as a lean series has no eight bytes to spare.
  float LimitAfter(float distance) {
    const float limit = std::max(kFloor, kRecordFactor * kFurthestUnit * furthest_);
    if (distance > kCalm) {
      peak_ = std::max<uint32_t>(peak_, Units(distance, kPeakUnit, kMostPeak)) & kMostPeak;
    } else if (peak_ != 0) {
      const float most = kGrowth * limit / kRecordFactor;
      const float ordinary = std::min(kPeakUnit * peak_, most);
      const uint32_t units = Units(ordinary, kFurthestUnit, kMostFurthest);
      furthest_ = std::max<uint32_t>(furthest_, units) & kMostFurthest;
      peak_ = 0;
    }
    return distance < 0 ? kFloor : limit;
  }

  void CountReading() {
    if (++count_ != 0) return;
    count_ = kMostCount - kPerForgetting;
    furthest_ = (furthest_ - (furthest_ + kForgotten - 1) / kForgotten) & kMostFurthest;
  }

  static uint32_t Units(float x, float unit, uint32_t most) {
    return static_cast<uint32_t>(std::min(x / unit, static_cast<float>(most)));
  }

  double fast_, slow_;
  float mean_, variance_;  // of the logarithm
  float step_;
  uint32_t count_ : 15;     // goes on in a circle in the end
  uint32_t furthest_ : 11;  // of the loud times that are over, in units; slowly forgotten
  uint32_t peak_ : 6;       // of the one that lasts, in units
};

}  // namespace avocet::auto_detect
