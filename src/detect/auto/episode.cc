#include "src/detect/auto/episode.h"

#include <algorithm>

#include "src/detect/reporting_clock.h"

namespace avocet::auto_detect {

namespace {

constexpr float kMostTicks = 65'535;
constexpr double kFastestPace = 10;  // seconds: what is faster counts as this
// What ends an anomaly.
constexpr double kCalmReadings = 100;
constexpr double kNoveltyCalmReadings = 25;
constexpr double kLongestCalm = 3600;     // seconds,
constexpr double kLeastCalmReadings = 6;  // but so many at least
// Until a channel may raise another anomaly.
constexpr double kAlarmReadings = 5000;
constexpr double kLongestAlarm = 180'000;  // seconds,
constexpr double kLeastAlarmReadings = 50;

// The first of the channels that see the same things: of a jump there and back, of a distance.
size_t KinOf(size_t channel) {
  if (channel == kDip) return kSpike;
  return channel == kDrift || channel == kPeer ? size_t{kLevel} : channel;
}

double PaceOf(float period_s) { return std::max(static_cast<double>(period_s), kFastestPace); }

double CalmOf(size_t channel, double pace) {
  if (channel == kNovelty) return kNoveltyCalmReadings * pace;
  return std::min(kCalmReadings * pace, std::max(kLongestCalm, kLeastCalmReadings * pace));
}

double AlarmOf(double pace) {
  return std::min(kAlarmReadings * pace, std::max(kLongestAlarm, kLeastAlarmReadings * pace));
}

void Lower(uint16_t ticks, uint16_t* left) {
  *left = *left > ticks ? static_cast<uint16_t>(*left - ticks) : uint16_t{0};
}

}  // namespace

/// The ticks since the last time.
uint16_t Episode::Pass(int64_t time_us, double alarm_s) {
  const double alarms =
      static_cast<double>(SaturatingSubtract(time_us, last_time_us_)) * 1e-6 / alarm_s;
  last_time_us_ = time_us;
  const float ticks =
      rest_ + static_cast<float>(std::clamp(alarms * kTicksPerAlarm, 0.0, double{kMostTicks}));
  const float whole = std::min(static_cast<float>(static_cast<uint32_t>(ticks)), kMostTicks);
  rest_ = std::min(ticks - whole, 1.0F);
  return static_cast<uint16_t>(whole);
}

void Episode::RunOff(uint16_t ticks) {
  unsigned left = 0;
  const uint16_t most = std::min(ticks, kTicksPerAlarm);
  for (uint16_t& used : used_) {
    Lower(most, &used);
    left |= used;
  }
  for (uint16_t& heat : heat_) {
    Lower(ticks, &heat);
    left |= heat;
  }
  Lower(ticks, &lasts_);
  if (lasts_ == 0) open_ = 0;
  runs_ = (left | lasts_) != 0 ? 1 : 0;
}

size_t Episode::Update(const Scores& scores, float highest, int64_t time_us, float period_s) {
  if (runs_ != 0) {
    RunOff(Pass(time_us, AlarmOf(PaceOf(period_s))));
  } else {
    last_time_us_ = time_us;
  }
  if (highest <= 1) return kNumChannels;  // as nearly always
  return Fire(scores, time_us, PaceOf(period_s));
}

size_t Episode::Fire(const Scores& scores, int64_t time_us, double pace) {
  // Calm is what is longer than a calm.
  const auto heat_of = [pace](size_t channel) {
    return static_cast<uint16_t>(1 + kTicksPerAlarm * CalmOf(channel, pace) / AlarmOf(pace));
  };
  size_t strongest = kNumChannels;
  float top = 1;
  bool hot = false;
  for (size_t channel = 0; channel < kNumChannels; ++channel) {
    const float score = scores[channel];
    if (!(score > 1)) continue;
    uint16_t& used = used_[channel];
    runs_ = 1;
    const bool rises = heat_[channel] == 0;
    heat_[channel] = heat_of(channel);
    const bool muted = IsMuted(channel);
    if (rises) {
      // What comes with an anomaly of another kind is part of that.
      if (open_ == 0 || KinOf(type_) == KinOf(channel)) {
        used = static_cast<uint16_t>(std::min(used + kTicksPerAlarm, int{kMostTicksUsed}));
      }
      const auto bit = static_cast<uint16_t>(1U << channel);
      speaks_ = static_cast<uint16_t>(muted ? speaks_ & ~bit : speaks_ | bit);
    }
    if (rises && !muted && score > top) {
      top = score;
      strongest = channel;
    }
    hot = hot || (speaks_ >> channel & 1U) != 0;
  }
  if (open_ != 0) {
    if (hot) lasts_ = heat_of(type_);
    return kNumChannels;
  }
  if (strongest == kNumChannels) return kNumChannels;
  open_ = 1;
  type_ = static_cast<uint16_t>(strongest);
  lasts_ = heat_of(strongest);
  onset_us_ = time_us;
  return strongest;
}

void Episode::Unmute() {
  for (uint16_t& used : used_) used = 0;
}

bool Episode::IsPlausible() const {
  return open_ <= 1 && runs_ <= 1 && type_ < kNumChannels && rest_ >= 0 && rest_ <= 1;
}

}  // namespace avocet::auto_detect
