#include "src/alert/message_forecast.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <set>
#include <utility>

#include "src/alert/alert_groups.h"
#include "src/alert/device_budgets.h"
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
        devices_(config.device_rate_limit),
        forecast_{.channel = config.name} {}

  void Wait(nanoseconds now, const std::string& device, std::string group) {
    now_ = std::max(now_, now);
    waiting_.push_back({.device = device, .group = std::move(group), .since = now_});
  }
  void Silence() { ++forecast_.silenced; }

  /// Sends what the budgets allow until `now`, `now` itself not included.
  void Deliver(nanoseconds now) {
    while (!waiting_.empty()) {
      nanoseconds next = now_;
      const std::vector<size_t> ready = Ready(&next);
      if (!ready.empty()) {
        next = std::max(now_, waiting_[ready.front()].since + group_wait_);
        if (next >= now && group_wait_ > nanoseconds(0)) return;
        if (next == now_) {
          const int64_t available = budget_.Available(now_);
          if (available >= 1) {
            Send(ready, available);
            continue;
          }
          next = now_ + budget_.UntilNext();
        }
      }
      if (next > now) return;
      now_ = next;
    }
  }

  ChannelForecast Finish() {
    Deliver(nanoseconds::max());
    return forecast_;
  }

 private:
  struct Waiting {
    std::string device, group;
    nanoseconds since{0};
    bool is_sent = false;
  };

  // Places in waiting_ of what no device's limit holds, at most a digest of them, because the
  // notifier looks no further. `next` becomes when the first that is held is so no more.
  std::vector<size_t> Ready(nanoseconds* next) {
    std::vector<size_t> ready;
    *next = nanoseconds::max();
    for (size_t i = 0; i < waiting_.size() && ready.size() < kMostInDigest; ++i) {
      const std::string& device = waiting_[i].device;
      if (devices_.Available(device, now_) >= 1) {
        ready.push_back(i);
      } else {
        *next = std::min(*next, now_ + devices_.UntilNext(device));
      }
    }
    return ready;
  }

  void Send(std::span<const size_t> ready, int64_t available) {
    std::vector<std::string> groups, devices;
    for (const size_t place : ready) {
      groups.push_back(waiting_[place].group);
      devices.push_back(waiting_[place].device);
    }
    GroupBeyondBudget(
        devices, [&](const std::string& device) { return devices_.Available(device, now_); },
        &groups);
    const NextMessage next = PlanMessage(groups, available);
    ++(next.is_digest ? forecast_.digests : forecast_.messages);
    if (next.is_digest) forecast_.digested += static_cast<int64_t>(next.entries.size());
    std::set<std::string> named;
    for (const size_t entry : next.entries) {
      waiting_[ready[entry]].is_sent = true;
      named.insert(devices[entry]);
    }
    for (const std::string& device : named) devices_.Spend(device, now_);
    std::erase_if(waiting_, [](const Waiting& entry) { return entry.is_sent; });
    budget_.Spend();
  }

  const nanoseconds group_wait_;
  SendBudget budget_;
  DeviceBudgets devices_;
  ChannelForecast forecast_;
  nanoseconds now_{0};
  std::vector<Waiting> waiting_;  // oldest first
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
          lane.Wait(now, changes[end].device, GroupOf(channel, changes[end], devices));
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
