// SeriesModel: all that `auto` knows of one series, and its verdict of each reading.
//
// Raw bytes of a snapshot; the zero-initialised object is a series without readings.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "src/detect/auto/ar_residual.h"
#include "src/detect/auto/channel.h"
#include "src/detect/auto/clip_run.h"
#include "src/detect/auto/episode.h"
#include "src/detect/auto/fleet_view.h"
#include "src/detect/auto/level_watch.h"
#include "src/detect/auto/noise_level.h"
#include "src/detect/auto/novelty.h"
#include "src/detect/auto/outlier_limit.h"
#include "src/detect/auto/pace.h"
#include "src/detect/auto/season.h"
#include "src/detect/auto/stuck_run.h"
#include "src/detect/detector.h"

namespace avocet::auto_detect {

/// What all series share.
struct Settings {
  float threshold = 1;   ///< scores are divided by it: above 1 is quieter
  int64_t adopt_us = 0;  ///< a change of level that lasts so long is the new normal
};

struct Reading {
  int64_t time_us = 0;
  double x = 0;
  int64_t fleet_bucket = kNoBucket;  ///< that the fleet's clock is in
  int64_t excused_us = 0;            ///< of the silence before it, as Miss has it
};

/// What a reading looks like.
struct Verdict {
  Scores scores{};
  double expected = 0, lower = 0, upper = 0;  ///< NaN: not known
  float severity = 0;                         ///< for ranking: how strange, fire or not
  bool has_season = false;                    ///< what is usual at this time of day is known,
  float residual = 0;                         ///< and this is the distance from it,
  bool is_switched = false;                   ///< which is small, about when the series is switched
  bool is_at_edge = false;                    ///< the same, of a single reading
  float own_level = 0;                        ///< a score: 1 is unusual, whatever the fleet does
  float distance = 0;            ///< the same, of how far the reading is from the mean of all
  Novelty::Result novelty;       ///< of the step that the reading ended, if any
  size_t raised = kNumChannels;  ///< the channel that raises an anomaly now
  bool on_ramp = false;          ///< which is called kRateType then

  /// What is raised. REQUIRES: raised is a channel.
  std::string_view type() const { return on_ramp ? kRateType : ChannelName(raised); }
};

class SeriesModel {
 public:
  /// Judges a finite reading that is not older than the last one, then learns it. `novelty`: null
  /// in the lean tier.
  void Update(const Reading& reading, const Settings& settings, const FleetView& fleet,
              Novelty* novelty, Verdict* out);

  /// Loads what a reading at `time_us` needs.
  void Prefetch(int64_t time_us) const;

  /// A reading too large to be learned from.
  void Reject(const Reading& reading, const Settings& settings, Verdict* out);

  /// The device reported at `time_us` without this metric, which has `out->scores[kMissing]` then.
  /// `excused_us` of the silence do not count.
  void Miss(int64_t time_us, int64_t excused_us, const Settings& settings, Verdict* out);
  /// From when on the next reading is missing.
  int64_t due_us() const;

  /// The residual that counts for the fleet's median of `bucket`. False: there is none.
  bool FleetSample(int64_t bucket, float* residual) const;
  /// How far the series usually is from its fleet, as the mean of half an hour. 0: not known.
  float usually_apart() const { return apart_soon_.deviation(); }

  int64_t last_us() const { return last_us_; }
  /// How long the series has been watched.
  int64_t known_us() const;
  uint32_t readings() const { return pace_.count(); }
  float last_score() const { return last_score_; }
  /// An anomaly lasts, and the last value is part of it.
  bool is_anomalous() const { return episode_.is_open() && last_score_ > 1; }

  /// Says again what it had muted because it came too often.
  void Unmute() { episode_.Unmute(); }

  /// Appends what the model does not say, or not yet, as that of `metric`.
  void ListHeldBack(uint16_t metric, std::vector<HeldBack>* out) const;

  bool IsPlausible() const;

 private:
  struct Bucket {
    int64_t index;
    double sum;          // of readings
    float residual_sum;  // of readings that arrived in time for the fleet's median
    uint32_t count, residuals;
    uint32_t after_closed;  // so many buckets after the last one with residuals; 0: none
  };

  // What a series learns from a reading depends on the state it is in.
  enum Doubt : uint8_t {
    kNone,       ///< no doubt: everything is learned
    kAway,       ///< away from the fleet: perhaps a fault that begins, so not what is usual
    kAnomalous,  ///< nothing that a fault would spoil
  };

  void JudgeShape(const Reading& reading, bool begins, bool judges, Verdict* out);
  void JudgeLevel(const Reading& reading, const Season::Place& place, const FleetView& fleet,
                  Verdict* out);
  void JudgeAmongPeers(const Reading& reading, const FleetView& fleet, Verdict* out);
  void CloseStep(const Reading& reading, Novelty* novelty, Verdict* out);
  void OpenBucket(int64_t bucket);
  void LearnJump(double x);
  bool IsOnRamp(double x) const;
  void RankReading(Verdict* out);
  void Conclude(int64_t time_us, const Settings& settings, Verdict* out);
  void AdoptLevel(int64_t time_us, const Settings& settings);
  int64_t closed_bucket() const { return bucket_.index - bucket_.after_closed; }
  void Weigh(int64_t time_us, const Settings& settings);

  // Of some readings only.
  uint32_t first_s_;                    // when the series began, modulo 2^32
  LevelWatch apart_;                    // of the distance to the fleet, by bucket,
  LevelWatch apart_soon_, apart_long_;  // and of its means over about half an hour and five hours
  float closed_residual_;               // of the last bucket with residuals before

  // Of every reading: side by side, so that few cache lines are touched. See Prefetch.
  uint8_t closed_judged_;  // whether the last bucket before has been compared with the fleet,
  uint8_t open_judged_;    // and whether bucket_ has
  uint8_t doubt_;          // how far the next reading is to be trusted,
  int8_t jump_;            // and which way the last one jumped: 1 up, -1 down, 0: not far
  int64_t last_us_;
  double lags_[ArResidual::kOrder];  // newest first
  Pace pace_;
  float last_score_;
  float severity_;             // of the last readings, smoothed
  uint32_t doubtful_since_s_;  // modulo 2^32, odd; 0: no doubt
  ArResidual forecast_;
  OutlierLimit spike_, dip_;
  StuckRun stuck_;
  LevelWatch level_;  // of the residual, by reading
  NoiseLevel noise_;
  ClipRun clip_;
  Bucket bucket_;
  Episode episode_;
  Season season_;
};

}  // namespace avocet::auto_detect
