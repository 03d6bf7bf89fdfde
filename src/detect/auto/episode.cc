#include "src/detect/auto/episode.h"

#include <algorithm>

#include "src/detect/reporting_clock.h"

namespace avocet::auto_detect {

namespace {

constexpr float kMostTicks = 65'535;

void Lower(uint16_t ticks, uint16_t* left) {
  *left = *left > ticks ? static_cast<uint16_t>(*left - ticks) : uint16_t{0};
}

}  // namespace

// Calm is what is longer than a calm.
uint16_t Episode::HeatOf(size_t channel) {
  return static_cast<uint16_t>((channel == kNovelty ? kTicksPerCalm / 4 : kTicksPerCalm) + 1);
}

/// The ticks since the last time.
uint16_t Episode::Pass(int64_t time_us, int64_t calm_us) {
  const double calms = static_cast<double>(SaturatingSubtract(time_us, last_time_us_)) /
                       static_cast<double>(calm_us);
  last_time_us_ = time_us;
  const float ticks =
      rest_ + static_cast<float>(std::clamp(calms * kTicksPerCalm, 0.0, double{kMostTicks}));
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

size_t Episode::Update(const Scores& scores, int64_t time_us, int64_t calm_us) {
  if (runs_ != 0) {
    RunOff(Pass(time_us, calm_us));
  } else {
    last_time_us_ = time_us;
  }
  bool fires = false;
  for (const float score : scores) fires |= score > 1;
  if (!fires) return kNumChannels;  // as nearly always
  size_t strongest = kNumChannels;
  float top = 1;
  bool hot = false;
  for (size_t channel = 0; channel < kNumChannels; ++channel) {
    const float score = scores[channel];
    if (!(score > 1)) continue;
    uint16_t& used = used_[channel];
    runs_ = 1;
    const bool rises = heat_[channel] == 0;
    heat_[channel] = HeatOf(channel);
    const bool muted = IsMuted(channel);
    if (rises) {
      used = static_cast<uint16_t>(std::min(used + kTicksPerAlarm, int{kMostTicksUsed}));
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
    if (hot) lasts_ = HeatOf(type_);
    return kNumChannels;
  }
  if (strongest == kNumChannels) return kNumChannels;
  open_ = 1;
  type_ = static_cast<uint16_t>(strongest);
  lasts_ = HeatOf(strongest);
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
