// Episode: turns scores into anomalies with a beginning and an end.
//
// A channel fires when its score rises above 1 after a calm. While an anomaly lasts no other is
// raised for the series; it ends after a calm of all channels. A channel that fires more often than
// it should is muted. Both are a number of readings for fast series, and a time for slow ones,
// which would be silent for weeks otherwise. Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <cstdint>

#include "src/detect/auto/channel.h"

namespace avocet::auto_detect {

class Episode {
 public:
  /// No anomaly: kNumChannels. Otherwise the channel that raises one now. `highest`: of the scores.
  /// `period_s`: usual time between two readings.
  size_t Update(const Scores& scores, float highest, int64_t time_us, float period_s);

  bool is_open() const { return open_ != 0; }
  int64_t onset_us() const { return onset_us_; }

  /// Whether the next anomaly of the channel would be one too many.
  bool IsMuted(size_t channel) const {
    return channel != kNovelty && used_[channel] > kMostTicksUsed - kTicksPerAlarm;
  }

  /// No channel is muted any more.
  void Unmute();

  /// What happens is ordinary from now on.
  void Close() { open_ = 0; }

  bool IsPlausible() const;

 private:
  static constexpr uint16_t kTicksPerAlarm = 12'800;              // until there may be another,
  static constexpr uint16_t kMostTicksUsed = 2 * kTicksPerAlarm;  // after so many in a row

  uint16_t Pass(int64_t time_us, double alarm_s);
  void RunOff(uint16_t ticks);
  size_t Fire(const Scores& scores, int64_t time_us, double pace);

  int64_t last_time_us_;
  int64_t onset_us_;
  float rest_;  // of a tick, that has passed
  // What time runs off, in ticks.
  uint16_t heat_[kNumChannels];  // since the score was last above 1; 0: calm
  uint16_t used_[kNumChannels];  // by alarms
  uint16_t lasts_;               // the same as heat_, of all channels that may speak
  uint16_t speaks_;              // channels that were not muted when their score rose
  uint8_t open_;
  uint8_t runs_;  // whether anything has to run off
  uint16_t type_;
};

}  // namespace avocet::auto_detect
