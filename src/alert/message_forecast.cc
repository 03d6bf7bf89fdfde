#include "src/alert/message_forecast.h"

#include <algorithm>
#include <chrono>

#include "src/alert/notifier.h"
#include "src/alert/send_budget.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

// One channel on the clock of event time.
class Lane {
 public:
  explicit Lane(const AlertChannelConfig& config)
      : budget_(config.rate_limit), forecast_{.channel = config.name} {}

  void Wait(nanoseconds now) {
    now_ = std::max(now_, now);
    ++waiting_;
  }
  void Silence() { ++forecast_.silenced; }

  /// Sends what the budget allows until `now`.
  void Deliver(nanoseconds now) {
    while (waiting_ > 0) {
      const int64_t available = budget_.Available(now_);
      if (available >= 1) {
        Send(available);
        continue;
      }
      const nanoseconds next = now_ + budget_.UntilNext();
      if (next > now) return;
      now_ = next;
    }
  }

  ChannelForecast Finish() {
    Deliver(nanoseconds::max());
    return forecast_;
  }

 private:
  void Send(int64_t available) {
    const bool is_digest = waiting_ > static_cast<int64_t>(kMostAlone) || waiting_ > available;
    const int64_t sent =
        is_digest ? std::min(waiting_, static_cast<int64_t>(kMostInDigest)) : int64_t{1};
    ++(is_digest ? forecast_.digests : forecast_.messages);
    if (is_digest) forecast_.digested += sent;
    waiting_ -= sent;
    budget_.Spend();
  }

  SendBudget budget_;
  ChannelForecast forecast_;
  nanoseconds now_{1};  // a budget takes zero for a clock that has not begun
  int64_t waiting_ = 0;
};

}  // namespace

std::vector<ChannelForecast> ForecastMessages(const AlertsConfig& config,
                                              std::span<const AlertChange> changes,
                                              const std::vector<Mute>& mutes) {
  std::vector<ChannelForecast> forecasts;
  for (const AlertChannelConfig& channel : config.channels) {
    Lane lane(channel);
    for (size_t begin = 0; begin < changes.size();) {
      const int64_t time_us = changes[begin].event_time_us;
      const nanoseconds now = std::chrono::microseconds(std::max<int64_t>(time_us, 1));
      lane.Deliver(now);
      size_t end = begin;
      for (; end < changes.size() && changes[end].event_time_us == time_us; ++end) {
        if (!Wants(config, channel, changes[end])) continue;
        const bool is_muted = std::any_of(mutes.begin(), mutes.end(), [&](const Mute& mute) {
          return mute.Fits(changes[end], time_us);
        });
        if (is_muted) {
          lane.Silence();
        } else {
          lane.Wait(now);
        }
      }
      lane.Deliver(now);
      begin = end;
    }
    forecasts.push_back(lane.Finish());
  }
  return forecasts;
}

}  // namespace avocet
