#include "src/detect/auto/sentence.h"

#include <fmt/format.h>

#include <cmath>

#include "src/base/spoken_time.h"
#include "src/detect/auto/channel.h"
#include "src/detect/explain.h"

namespace avocet::auto_detect {
namespace {

/// "41 days", "7 hours": whole units, at least one.
std::string SpanText(int64_t span_us) {
  constexpr int64_t kHour = int64_t{3600} * 1'000'000;
  const auto text = [](int64_t count, std::string_view unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
  };
  if (span_us >= 48 * kHour) return text(span_us / (24 * kHour), "day");
  if (span_us >= kHour) return text(span_us / kHour, "hour");
  return text(std::max<int64_t>(span_us / (kHour / 60), 1), "minute");
}

size_t ChannelOf(std::string_view name) {
  size_t channel = 0;
  while (channel < kNumChannels && ChannelName(channel) != name) ++channel;
  return channel;
}

std::string Expected(const Anomaly& anomaly) {
  return ComputedText(anomaly.expected, anomaly.upper - anomaly.lower);
}

std::string NoveltyText(const Anomaly& anomaly, std::string_view subject) {
  const std::string_view view = anomaly.signals[0].signal;
  const std::string_view what = view == "level" ? "its level"
                                : view == "forecast"
                                    ? "how far it is from what its last readings led to expect"
                                : view == "level_shift" ? "how far its level has moved"
                                : view == "change"      ? "its change over the last steps"
                                                        : "how long it has not changed";
  return fmt::format("{}: {} is rarer than anything in {}", subject, what,
                     SpanText(anomaly.known_us));
}

}  // namespace

std::string Sentence(const Anomaly& anomaly, std::string_view metric_label) {
  const std::string reading = ReadingText(anomaly.value);
  const std::string subject = fmt::format("{} was {}", metric_label, reading);
  if (anomaly.reason == kRateType) {
    return fmt::format("{} {} to {}, reading after reading, faster than it usually changes",
                       metric_label, anomaly.value > anomaly.expected ? "rose" : "fell", reading);
  }
  switch (ChannelOf(anomaly.reason)) {
    case kSpike:
      return fmt::format("{} jumped to {}, far above the {} that its last readings led to expect",
                         metric_label, reading, Expected(anomaly));
    case kDip:
      return fmt::format("{} dropped to {}, far below the {} that its last readings led to expect",
                         metric_label, reading, Expected(anomaly));
    case kStuck:
      return fmt::format("{} has been exactly {} for longer than it ever was in {}", metric_label,
                         reading, SpanText(anomaly.known_us));
    case kNoise:
      return fmt::format("{} changes far more from reading to reading than it used to",
                         metric_label);
    case kDead:
      return fmt::format("{} hardly changes from reading to reading: its usual noise is gone",
                         metric_label);
    case kClip:
      return fmt::format("{} is cut off at {}", metric_label, reading);
    case kLevel:
      return fmt::format("{}, away from what is usual at this time of day{}", subject,
                         BandText(anomaly));
    case kDrift:
      return fmt::format("{}, after moving away slowly from what is usual at this time of day{}",
                         subject, BandText(anomaly));
    case kPeer:
      return fmt::format("{}, where other devices of the fleet would make it {}", subject,
                         Expected(anomaly));
    case kMissing:
      return anomaly.metric == kWholeDevice
                 ? fmt::format(
                       "the device sent nothing for longer than its ordinary pauses; it was "
                       "due by {}",
                       SpokenTime(anomaly.event_time_us))
                 : fmt::format("the device sends, but no {} for longer than its ordinary pauses",
                               metric_label);
    default:
      return NoveltyText(anomaly, subject);
  }
}

}  // namespace avocet::auto_detect
