// Season: what a series is usually like at this time of day.
//
// Means of 48 half-hours (fewer for series that report less often), with linear interpolation
// between their middles. A new day moves a mean by a quarter of the difference, and by no more than
// three times the usual difference: one bad day is not learned.
//
// Where a mean differs from the next one at a stroke, the series is switched at that time of day,
// by a clock or by hand: no line joins the two, anything between them is usual.
//
// What is learned may have been a fault, though, on the first day above all. So an hour at which
// the series was anomalous, or far from its peers, leaves a claim: perhaps it is always so. The
// next day shows, and the claim is believed or forgotten.
//
// After a week claims are kept for a week, as the day may be one of another kind, such as those of
// a weekend: see WeekKinds, which says when the mean and when the claim is usual. A claim is
// believed of all days when it holds for five in a row, which weekends do not. Days are UTC days.
// Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <cstdint>

#include "src/base/civil_time.h"
#include "src/detect/auto/coarse_numbers.h"
#include "src/detect/auto/short_float.h"
#include "src/detect/auto/week_kinds.h"

namespace avocet::auto_detect {

class Season {
 public:
  static constexpr int kMost = 48;

  /// Where a time is in the day of a series.
  struct Place {
    int64_t time_us;
    int bucket;
    int side;      // of the nearer neighbour: -1 or 1
    double share;  // of the way to the middle of that, from the middle of the bucket
  };
  struct Usual {
    double value = 0;
    double claimed = 0;    ///< what else may be usual; the same without a claim
    bool at_step = false;  ///< the series is switched about now
  };

  Place PlaceOf(int64_t time_us) const;

  /// What is usual at `place`, as near to x as that may be. `deviation`: by how much the series
  /// usually differs from it. `alone`: without peers that are switched at the same time as it is,
  /// and rest on the same days; among them there are neither steps nor weeks. False while this time
  /// of day was not seen.
  bool Expect(const Place& place, double x, double deviation, bool alone, Usual* usual) const;

  /// Of a series with peers: whether it was away from them about `time_us`. Those that are switched
  /// with it, and by as much, explain its edges. When it is often away from them at an edge it is
  /// on its own; then it is learned anew, as what was known was less their median.
  void NoteEdge(int64_t time_us, double deviation, bool is_apart);
  bool HasOwnEdges() const { return own_edges_ == kMostEdges; }

  /// `period_s`: usual time between two readings, which must be known. `doubtful`: x is perhaps not
  /// ordinary.
  void Learn(Place place, double x, float period_s, bool doubtful, bool alone);

  /// The level has changed for good: everything that is expected moves by that much, unless what
  /// else may be usual at `time_us` says as much.
  void Adopt(int64_t time_us, double by);

  /// Whether days may be of two kinds.
  bool KnowsWeek() const { return days_ >= WeekKinds::kDays; }

  /// Loads what a reading at `time_us` needs, of a series whose buckets are half-hours.
  void Prefetch(int64_t time_us) const {
    __builtin_prefetch(this, 1);
    __builtin_prefetch(&means_[InDay(time_us) / kNarrowestUs], 1);
  }

  bool IsPlausible() const;

 private:
  // What is between the mean of a bucket and that of the nearer neighbour.
  enum class Joint {
    kLine,
    kStep,
    kStepWithin,  // from the other neighbour on: the edge is within the bucket
  };
  // What is known of a bucket of a day of the week.
  struct Known {
    double value;
    double claimed;
  };
  static constexpr uint8_t kMostEdges = 160;
  static constexpr int64_t kNarrowestUs = kMicrosPerDay / kMost;
  static int64_t InDay(int64_t time_us) {
    const int64_t in_day = time_us % kMicrosPerDay;
    return in_day < 0 ? in_day + kMicrosPerDay : in_day;
  }
  static int DayOf(int64_t time_us);
  int size() const { return kMost >> halvings_; }
  int PartOf(int bucket) const { return bucket * WeekKinds::kPerDay / size(); }
  int After(int bucket, int steps) const;
  Known KnownOf(int day, int bucket, bool weekly) const;
  bool BordersOther(int day, int bucket) const;
  bool IsSwitchedAt(int64_t time_us, double deviation) const;
  template <typename ValueAt>
  Joint JointAt(const Place& place, double deviation, const ValueAt& value_at) const;
  template <typename ValueAt>
  static double Nearest(const Place& place, Joint joint, double x, const ValueAt& value_at);
  bool IsSeen(int bucket) const { return means_[bucket].IsSet(); }
  // Whether it and the neighbour that it is joined with were seen, on a day before.
  bool IsKnown(const Place& place) const {
    return days_ != 0 && IsSeen(place.bucket) && IsSeen(After(place.bucket, place.side));
  }
  double MeanOf(int bucket) const { return static_cast<double>(means_[bucket].Get()); }
  void CloseBucket(bool alone);
  void LearnDay(double mean, bool doubtful, bool alone);
  void LearnWeek(double mean, bool doubtful);
  void LearnOdd(double change);
  bool IsOtherSoFar(int part) const;
  bool LastsFor(int days) const;
  void LearnMean(double mean);

  double origin_;              // the means are relative to it
  double sum_;                 // of the open bucket
  uint32_t count_, doubtful_;  // its readings, and how many of them are doubtful
  float spread_;               // usual difference between a day's mean and the one expected
  uint8_t days_;               // 255: as many or more
  uint8_t halvings_;
  uint8_t bucket_;               // the open one,
  uint8_t day_of_week_;          // and its day, from 1 on; 0: nothing was learned
  uint8_t seen_;                 // of the open part of a day: see WeekKinds
  uint8_t own_edges_;            // what speaks for edges of its own
  uint8_t odd_;                  // half-hours that were of neither kind
  WeekKinds kinds_;              // of the days of the week
  CoarseNumbers<kMost> claims_;  // what else a bucket's mean may be, less the mean; 0: no claim
  ShortFloat means_[kMost];
};

}  // namespace avocet::auto_detect
