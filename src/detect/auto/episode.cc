#include "src/detect/auto/episode.h"

#include <algorithm>
#include <cmath>

#include "src/detect/reporting_clock.h"

namespace avocet::auto_detect {

namespace {

uint32_t SecondsOf(int64_t time_us) { return static_cast<uint32_t>(time_us / 1'000'000); }

}  // namespace

size_t Episode::Update(const Scores& scores, int64_t time_us, int64_t calm_us) {
  const double calms = static_cast<double>(SaturatingSubtract(time_us, last_time_us_)) /
                       static_cast<double>(calm_us);
  last_time_us_ = time_us;
  const float freed = static_cast<float>(std::clamp(calms / kCalmsPerAlarm, 0.0, 1.0));
  const uint32_t now_s = SecondsOf(time_us);
  size_t strongest = kNumChannels;
  float top = 1;
  bool hot = false;
  for (size_t channel = 0; channel < kNumChannels; ++channel) {
    float& used = used_[channel];
    used = std::max(used - freed, 0.0F);
    const float score = scores[channel];
    if (!(score > 1)) continue;
    const uint32_t calm_s = SecondsOf(channel == kNovelty ? calm_us / 4 : calm_us);
    const bool rises = (ever_hot_ >> channel & 1U) == 0 || now_s - hot_s_[channel] > calm_s;
    const bool muted = IsMuted(channel);
    hot_s_[channel] = now_s;
    ever_hot_ = static_cast<uint16_t>(ever_hot_ | 1U << channel);
    if (rises) {
      used = std::min(used + 1, kMostUsed);
      const auto bit = static_cast<uint16_t>(1U << channel);
      speaks_ = static_cast<uint16_t>(muted ? speaks_ & ~bit : speaks_ | bit);
    }
    if (rises && !muted && score > top) {
      top = score;
      strongest = channel;
    }
    hot = hot || (speaks_ >> channel & 1U) != 0;
    peak_ = open_ != 0 ? std::max(peak_, score) : peak_;
  }
  const uint32_t calm_s = SecondsOf(type_ == kNovelty ? calm_us / 4 : calm_us);
  if (open_ != 0 && now_s - last_hot_s_ > calm_s) open_ = 0;
  if (hot) last_hot_s_ = now_s;
  if (open_ != 0 || strongest == kNumChannels) return kNumChannels;
  open_ = 1;
  type_ = static_cast<uint16_t>(strongest);
  onset_us_ = time_us;
  peak_ = top;
  return strongest;
}

bool Episode::IsPlausible() const {
  return open_ <= 1 && type_ < kNumChannels && std::isfinite(peak_) &&
         std::all_of(used_, used_ + kNumChannels,
                     [](float used) { return used >= 0 && used <= kMostUsed; });
}

}  // namespace avocet::auto_detect
