#include "src/alert/notifier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "src/alert/alert_groups.h"
#include "src/config/device_labels.h"
#include "src/env/retry_pause.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Outcome = AlertDelivery::Outcome;

// A message that is refused so often in a row will never be taken.
constexpr int kMostRefusals = 8;
constexpr nanoseconds kIdle = std::chrono::seconds(30);
constexpr int64_t kHourUs = int64_t{3600} * 1'000'000;
constexpr int64_t kKeptUs = 14 * 24 * kHourUs;

}  // namespace

bool Wants(const AlertsConfig& config, const AlertChannelConfig& channel,
           const AlertChange& change) {
  if (change.state == AlertState::kPending || change.severity < channel.min_severity) return false;
  // Of an alert that never fired nobody was told.
  if (change.state == AlertState::kCleared && (!channel.send_cleared || !change.fired)) {
    return false;
  }
  const auto rule =
      std::find_if(config.rules.begin(), config.rules.end(),
                   [&](const AlertRuleConfig& candidate) { return candidate.name == change.rule; });
  if (rule == config.rules.end() || rule->channels.empty()) return true;
  return std::find(rule->channels.begin(), rule->channels.end(), channel.name) !=
         rule->channels.end();
}

Result<std::unique_ptr<Notifier>> Notifier::Start(NotifierOptions options) {
  std::unique_ptr<Notifier> notifier(new Notifier(std::move(options)));
  AVOCET_ASSIGN_OR_RETURN(notifier->outbox_, Outbox::Open(notifier->options_.outbox_path));
  AVOCET_ASSIGN_OR_RETURN(notifier->operators_, OperatorLog::Open(notifier->options_.outbox_path));
  AVOCET_RETURN_IF_ERROR(notifier->outbox_->Prune(notifier->options_.env->NowMicros() - kKeptUs));
  for (const AlertChannelConfig& config : notifier->options_.config.channels) {
    auto lane = std::make_unique<Lane>();
    lane->config = &config;
    lane->channel = notifier->options_.make_channel(config, notifier->options_.env);
    lane->budget = SendBudget(config.rate_limit);
    lane->devices = DeviceBudgets(config.device_rate_limit);
    AVOCET_RETURN_IF_ERROR(notifier->ResumeBudgets(lane.get()));
    notifier->lanes_.push_back(std::move(lane));
  }
  Notifier* self = notifier.get();
  notifier->store_thread_ = std::thread([self] { self->StoreLoop(); });
  for (const auto& lane : notifier->lanes_) {
    lane->thread = std::thread([self, raw = lane.get()] { self->DeliverLoop(raw); });
  }
  return notifier;
}

Status Notifier::ResumeBudgets(Lane* lane) {
  const AlertChannelConfig& config = *lane->config;
  if (config.device_rate_limit == 0) return Status::Ok();
  const int64_t now_us = options_.env->NowMicros();
  AVOCET_ASSIGN_OR_RETURN(const auto told,
                          outbox_->CountTold(config.name, now_us - kHourUs, now_us));
  const nanoseconds now = options_.env->Monotonic();
  for (const auto& [device, messages] : told) {
    for (int64_t i = 0; i < std::min(messages, config.device_rate_limit); ++i) {
      lane->devices.Spend(device, now);
    }
  }
  return Status::Ok();
}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (store_thread_.joinable()) store_thread_.join();
  StopDeliveries();
}

void Notifier::StopDeliveries() {
  {
    const std::lock_guard lock(mutex_);
    deliveries_stop_ = true;
  }
  changed_.notify_all();
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

void Notifier::Publish(std::span<const AlertChange> changes, int64_t arrived_us) {
  const int64_t now_us = options_.env->NowMicros();
  {
    const std::lock_guard lock(mutex_);
    for (const AlertChange& change : changes) queue_.push_back({change, arrived_us, now_us});
  }
  changed_.notify_all();
}

Status Notifier::WaitUntilStored() {
  std::unique_lock lock(mutex_);
  store_error_ = Status::Ok();
  ++retry_store_;
  changed_.notify_all();
  changed_.wait(lock,
                [&] { return stopping_ || !store_error_.ok() || (queue_.empty() && !storing_); });
  if (!store_error_.ok()) return store_error_;
  return queue_.empty() && !storing_ ? Status::Ok() : Status::Cancelled("the notifier stops");
}

void Notifier::StoreLoop() {
  int64_t tried = 0;
  for (;;) {
    std::vector<Published> taken;
    {
      std::unique_lock lock(mutex_);
      // After an error the next try is when somebody asks, or new changes come.
      changed_.wait(lock, [&] {
        return stopping_ || (!queue_.empty() && (store_error_.ok() || retry_store_ != tried));
      });
      if (stopping_ && queue_.empty()) return;
      tried = retry_store_;
      taken = std::exchange(queue_, {});
      storing_ = true;
    }
    Status status = StoreQueued(taken);
    {
      const std::lock_guard lock(mutex_);
      storing_ = false;
      if (!status.ok()) {
        queue_.insert(queue_.begin(), std::make_move_iterator(taken.begin()),
                      std::make_move_iterator(taken.end()));
        spdlog::error("cannot store alerts for delivery: {}", status.message());
      } else {
        ++stored_;
        for (const auto& lane : lanes_) lane->idle = false;
      }
      store_error_ = status;
    }
    changed_.notify_all();
    if (!status.ok() && stopping_) return;
  }
}

void Notifier::Pass(MessageStage stage, int64_t arrived_us, int64_t now_us) {
  if (options_.latency == nullptr || arrived_us == 0) return;
  options_.latency->at(stage).Add(std::chrono::microseconds(now_us - arrived_us));
}

Status Notifier::StoreQueued(const std::vector<Published>& queued) {
  const int64_t now_us = options_.env->NowMicros();
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Mute> mutes, operators_->Mutes(now_us));
  std::vector<OutboxOrder> orders;
  std::vector<const Published*> told;
  std::vector<Lane*> silenced;
  for (const Published& published : queued) {
    const AlertChange& change = published.change;
    const auto mute = std::find_if(mutes.begin(), mutes.end(), [&](const Mute& candidate) {
      return candidate.Fits(change, options_.devices, now_us);
    });
    const std::string silence = mute == mutes.end() ? std::string() : mute->Text();
    for (const auto& lane : lanes_) {
      if (!Wants(options_.config, *lane->config, change)) continue;
      orders.push_back({.change = &change,
                        .channel = lane->config->name,
                        .silence = silence,
                        .arrived_us = published.arrived_us});
      if (silence.empty()) told.push_back(&published);
      if (!silence.empty()) silenced.push_back(lane.get());
    }
  }
  AVOCET_RETURN_IF_ERROR(outbox_->Store(orders, now_us));
  for (Lane* lane : silenced) ++lane->silenced;
  const int64_t stored_us = options_.env->NowMicros();
  for (const Published* published : told) {
    Pass(MessageStage::kJudged, published->arrived_us, published->published_us);
    Pass(MessageStage::kStored, published->arrived_us, stored_us);
  }
  return Status::Ok();
}

void Notifier::DeliverLoop(Lane* lane) {
  while (!deliveries_stop_) {
    uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      seen = stored_;
    }
    auto pause = DeliverSome(lane);
    if (!pause.ok()) {
      spdlog::error("cannot read the alerts that wait for channel {}: {}", lane->config->name,
                    pause.status().message());
      pause = Pause{.duration = options_.longest_retry};
    }
    Sleep(lane, *pause, seen);
  }
}

// A lane that found nothing wakes when something is stored; one that waits for its receiver or its
// budget sleeps on.
void Notifier::Sleep(Lane* lane, Pause pause, uint64_t seen) {
  std::unique_lock lock(mutex_);
  lane->idle = pause.until_stored && !pause.holds && stored_ == seen;
  if (lane->idle) changed_.notify_all();
  changed_.wait_for(lock, pause.duration, [&] {
    return deliveries_stop_ || (pause.until_stored && stored_ != seen) ||
           (pause.until_drained && drains_);
  });
  lane->idle = lane->idle && stored_ == seen;
}

Result<Notifier::Pause> Notifier::DeliverSome(Lane* lane) {
  const nanoseconds now = options_.env->Monotonic();
  const auto device_budget = [&, drains = drains_.load()](const std::string& device) {
    return std::max(lane->devices.Available(device, now), int64_t{drains ? 1 : 0});
  };
  Pause nothing{.duration = kIdle, .until_stored = true};
  const auto is_held = [&](const std::string& device) {
    if (device_budget(device) >= 1) return false;
    nothing.duration = std::min(nothing.duration, lane->devices.UntilNext(device));
    nothing.until_drained = nothing.holds = true;
    return true;
  };
  AVOCET_ASSIGN_OR_RETURN(std::vector<OutboxEntry> entries,
                          outbox_->Waiting(lane->config->name, kMostInDigest, is_held));
  if (entries.empty()) return nothing;
  const int64_t budget = lane->budget.Available(now);
  if (budget < 1) return Pause{.duration = lane->budget.UntilNext()};
  if (const nanoseconds wait = GroupWait(*lane, entries.front()); wait > nanoseconds(0)) {
    return Pause{.duration = wait, .until_drained = true};
  }
  std::vector<std::string> groups, devices;
  for (const OutboxEntry& entry : entries) {
    groups.push_back(GroupOf(*lane->config, entry.change, options_.devices));
    devices.push_back(entry.change.device);
  }
  GroupBeyondBudget(devices, device_budget, &groups);
  const NextMessage next = PlanMessage(groups, budget);
  std::vector<OutboxEntry> sent;
  for (const size_t i : next.entries) sent.push_back(std::move(entries[i]));
  std::string group = next.is_digest && !next.is_mixed ? groups[0] : std::string();
  return Pause{.duration = SendOne(lane, sent, next.is_digest, std::move(group))};
}

nanoseconds Notifier::GroupWait(const Lane& lane, const OutboxEntry& oldest) const {
  if (lane.config->group_by.empty() || drains_) return nanoseconds(0);
  const Duration wait = lane.config->group_wait;
  const Duration since(options_.env->NowMicros() - oldest.stored_us);
  // A clock that was set back makes nobody wait longer.
  return std::min(wait, wait - since);
}

nanoseconds Notifier::SendOne(Lane* lane, std::span<const OutboxEntry> entries, bool digest,
                              std::string group) {
  AlertMessage message{.changes = {}, .digest = digest, .reference = {}};
  message.dashboard_url = options_.dashboard_url;
  message.group = std::move(group);
  for (const OutboxEntry& entry : entries) {
    message.changes.push_back(&entry.change);
    message.labels.push_back(LabelsOf(options_.devices, entry.change.device));
  }
  const std::string& name = lane->config->name;
  if (!digest) {
    auto reference = outbox_->ReferenceOf(name, entries.front().change.id);
    if (reference.ok()) message.reference = std::move(reference).value();
    const bool is_first = message.reference.empty();
    if (is_first && options_.draw_chart && lane->channel->WantsChart()) {
      message.chart = options_.draw_chart(message.change());
    }
    if (options_.look_back) message.seen_before = options_.look_back(message.change());
  }
  const AlertDelivery delivery = lane->channel->Send(message);
  lane->budget.Spend();
  if (delivery.outcome != Outcome::kDelivered) return AfterFailure(lane, entries, delivery);
  ++lane->delivered;
  if (lane->failures > 0) spdlog::info("channel {} takes alerts again", name);
  lane->failures = 0;
  lane->pause = nanoseconds(0);
  lane->problem.clear();
  const int64_t now_us = options_.env->NowMicros();
  std::set<std::string_view> named;
  for (const OutboxEntry& entry : entries) {
    Pass(MessageStage::kDelivered, entry.arrived_us, now_us);
    named.insert(entry.change.device);
  }
  for (const std::string_view device : named) {
    lane->devices.Spend(std::string(device), options_.env->Monotonic());
  }
  // A digest has no message that a later change could update.
  const Status settled =
      outbox_->Settle(name, entries, digest ? OutboxFate::kDigested : OutboxFate::kDelivered, "",
                      digest ? std::string() : delivery.reference, now_us);
  if (settled.ok()) return nanoseconds(0);
  spdlog::error("cannot note that alerts were delivered, they may come again: {}",
                settled.message());
  return options_.longest_retry;
}

nanoseconds Notifier::AfterFailure(Lane* lane, std::span<const OutboxEntry> entries,
                                   const AlertDelivery& delivery) {
  const std::string& name = lane->config->name;
  ++lane->failures;
  ++lane->retried;
  if (lane->problem != delivery.problem) {
    spdlog::warn("cannot deliver alerts to channel {}, trying again: {}", name, delivery.problem);
    lane->problem = delivery.problem;
  }
  if (delivery.outcome == Outcome::kRefused && lane->failures >= kMostRefusals) {
    spdlog::error("channel {} refuses {} alerts for good: {}", name, entries.size(),
                  delivery.problem);
    const Status settled = outbox_->Settle(name, entries, OutboxFate::kFailed, delivery.problem, "",
                                           options_.env->NowMicros());
    if (settled.ok()) {
      lane->failures = 0;
      lane->failed += entries.size();
    }
  }
  if (delivery.retry_after) return *delivery.retry_after;
  return NextRetryPause({options_.first_retry, options_.longest_retry}, options_.env, &lane->pause);
}

Result<std::vector<ChannelCounts>> Notifier::Counts() {
  AVOCET_ASSIGN_OR_RETURN(const auto waiting, outbox_->CountWaiting());
  std::vector<ChannelCounts> counts;
  for (const auto& lane : lanes_) {
    const auto found = waiting.find(lane->config->name);
    counts.push_back({.channel = lane->config->name,
                      .delivered = lane->delivered,
                      .retried = lane->retried,
                      .failed = lane->failed,
                      .silenced = lane->silenced,
                      .waiting = found == waiting.end() ? 0 : found->second});
  }
  return counts;
}

Result<int64_t> Notifier::Drain(milliseconds limit) {
  const nanoseconds deadline = options_.env->Monotonic() + limit;
  const Status stored = WaitUntilStored();
  if (!stored.ok()) return stored;
  drains_ = true;
  {
    std::unique_lock lock(mutex_);
    changed_.notify_all();
    changed_.wait_for(lock, deadline - options_.env->Monotonic(), [&] {
      return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->idle; });
    });
  }
  drains_ = false;
  AVOCET_ASSIGN_OR_RETURN(const std::vector<OutboxStanding> standings, outbox_->Standings());
  int64_t waiting = 0;
  for (const OutboxStanding& standing : standings) waiting += standing.waiting;
  return waiting;
}

}  // namespace avocet
