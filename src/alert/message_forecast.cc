#include "src/alert/message_forecast.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "src/alert/alert_groups.h"
#include "src/alert/notifier.h"
#include "src/alert/send_budget.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

// One channel on the clock of event time.
class Lane {
 public:
  explicit Lane(const AlertChannelConfig& config)
      : group_wait_(config.group_by.empty() ? nanoseconds(0) : nanoseconds(config.group_wait)),
        budget_(config.rate_limit),
        forecast_{.channel = config.name} {}

  void Wait(nanoseconds now, std::string group) {
    now_ = std::max(now_, now);
    groups_.push_back(std::move(group));
    since_.push_back(now_);
  }
  void Silence() { ++forecast_.silenced; }

  /// Sends what the budget allows until `now`, `now` itself not included.
  void Deliver(nanoseconds now) {
    while (!groups_.empty()) {
      const nanoseconds due = std::max(now_, since_.front() + group_wait_);
      if (due >= now && group_wait_ > nanoseconds(0)) return;
      now_ = due;
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
    // The notifier looks no further than a digest goes.
    const NextMessage next =
        PlanMessage(std::span(groups_).first(std::min(groups_.size(), kMostInDigest)), available);
    ++(next.is_digest ? forecast_.digests : forecast_.messages);
    if (next.is_digest) forecast_.digested += static_cast<int64_t>(next.entries.size());
    for (auto entry = next.entries.rbegin(); entry != next.entries.rend(); ++entry) {
      groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(*entry));
      since_.erase(since_.begin() + static_cast<std::ptrdiff_t>(*entry));
    }
    budget_.Spend();
  }

  const nanoseconds group_wait_;
  SendBudget budget_;
  ChannelForecast forecast_;
  nanoseconds now_{1};  // a budget takes zero for a clock that has not begun
  // Of what waits, oldest first.
  std::vector<std::string> groups_;
  std::vector<nanoseconds> since_;
};

}  // namespace

std::vector<ChannelForecast> ForecastMessages(const AlertsConfig& config,
                                              const DevicesConfig& devices,
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
          return mute.Fits(changes[end], devices, time_us);
        });
        if (is_muted) {
          lane.Silence();
        } else {
          lane.Wait(now, GroupOf(channel, changes[end], devices));
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
