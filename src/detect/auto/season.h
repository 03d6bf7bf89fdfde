// Season: what a series is usually like at this time of day.
//
// Means of 48 half-hours (fewer for series that report less often), with linear interpolation
// between their middles. A new day moves a mean by a quarter of the difference, and by no more than
// three times the usual difference: one bad day is not learned.
//
// What is learned may have been a fault, though, on the first day above all. So an hour at which
// the series was anomalous leaves a claim: perhaps it is always so. The next day shows, and the
// claim is believed or forgotten. Days are UTC days. Raw bytes of a
// snapshot; zero-initialised is empty.
#pragma once

#include <cmath>
#include <cstdint>

#include "src/detect/auto/short_float.h"

namespace avocet::auto_detect {

class Season {
 public:
  static constexpr int kMost = 48;

  struct Usual {
    double value = 0;
    double claimed = 0;  ///< what else may be usual; the same without a claim
  };

  /// What is usual at `time_us`. False while this time of day was not seen.
  bool Expect(int64_t time_us, Usual* usual) const;

  /// `period_s`: usual time between two readings, which must be known. `doubtful`: x is perhaps not
  /// ordinary.
  void Learn(int64_t time_us, double x, float period_s, bool doubtful);

  /// The level has changed for good: everything that is expected moves by that much.
  void Shift(double by);

  bool IsPlausible() const;

 private:
  struct Place {
    int bucket;
    double within;  // [0, 1)
  };
  int size() const { return kMost >> halvings_; }
  Place PlaceOf(int64_t time_us) const;
  bool IsSeen(int bucket) const { return (seen_[bucket / 32] >> (bucket % 32) & 1U) != 0; }
  double ClaimOf(int bucket) const {
    return std::ldexp(static_cast<double>(claims_[bucket]), claim_exponent_);
  }
  void CloseBucket();
  void LearnMean(double mean);
  void SetClaim(double claim);

  double origin_;              // the means are relative to it
  double sum_;                 // of the open bucket
  uint32_t count_, doubtful_;  // its readings, and how many of them are doubtful
  float spread_;               // usual difference between a day's mean and the one expected
  uint32_t seen_[2];
  uint8_t days_;  // 255: as many or more
  uint8_t halvings_;
  uint8_t bucket_;         // the open one
  int8_t claim_exponent_;  // claims are in units of 2 to the power of it
  ShortFloat means_[kMost];
  int8_t claims_[kMost];  // by how much a bucket's mean may be wrong; 0: no claim
};

}  // namespace avocet::auto_detect
