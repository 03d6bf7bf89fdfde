#include "src/server/alert_board.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/base/ascii.h"
#include "src/base/civil_time.h"
#include "src/base/spoken_time.h"
#include "src/config/device_labels.h"

namespace avocet {
namespace {

constexpr std::array<std::string_view, kNumAlertStages> kStageNames = {"pending", "open",
                                                                       "acknowledged", "cleared"};

}  // namespace

std::string_view AlertStageName(AlertStage stage) {
  return kStageNames[static_cast<size_t>(stage)];
}

std::optional<AlertStage> ParseAlertStage(std::string_view name) {
  const auto found = std::find(kStageNames.begin(), kStageNames.end(), name);
  if (found == kStageNames.end()) return std::nullopt;
  return static_cast<AlertStage>(found - kStageNames.begin());
}

const OperatorEntry* BoardAlert::Newest(OperatorAction action) const {
  const auto found =
      std::find_if(entries.rbegin(), entries.rend(),
                   [&](const OperatorEntry& entry) { return entry.action == action; });
  return found == entries.rend() ? nullptr : &*found;
}

AlertStage BoardAlert::stage() const {
  if (last.state == AlertState::kCleared) return AlertStage::kCleared;
  if (!Fires(last.state)) return AlertStage::kPending;
  return Newest(OperatorAction::kAcknowledge) != nullptr ? AlertStage::kAcknowledged
                                                         : AlertStage::kOpen;
}

bool AlertFilter::Matches(const BoardAlert& alert) const {
  const AlertChange& last = alert.last;
  const auto is = [](const std::string& wanted, std::string_view value) {
    return wanted.empty() || wanted == value;
  };
  return last.event_time_us >= from_us && last.event_time_us < to_us && is(device, last.device) &&
         is(metric, last.metric) && is(rule, last.rule) &&
         is(severity, AlertSeverityName(last.severity)) &&
         (text.empty() || ContainsIgnoringCase(last.device, text) ||
          ContainsIgnoringCase(last.rule, text) || ContainsIgnoringCase(last.reason, text)) &&
         (labels.empty() || FitLabels(labels, LabelsOf(*devices, last.device)));
}

void AlertBoard::TouchLocked(BoardAlert* alert) {
  if (alert->touched != 0) {
    order_.erase(alert->touched);
    cleared_.erase(alert->touched);
  }
  alert->touched = ++last_;
  order_.emplace(alert->touched, alert->last.id);
  if (alert->last.state == AlertState::kCleared) cleared_.emplace(alert->touched, alert->last.id);
}

void AlertBoard::ForgetLocked() {
  while (alerts_.size() > capacity_) {
    const auto oldest = cleared_.empty() ? order_.begin() : cleared_.begin();
    const uint64_t touched = oldest->first;
    const auto found = alerts_.find(oldest->second);
    complete_from_us_ = std::max(complete_from_us_, found->second.last.event_time_us + 1);
    alerts_.erase(found);
    cleared_.erase(touched);
    order_.erase(touched);
  }
}

void AlertBoard::Add(std::span<const AlertChange> changes) {
  const std::lock_guard lock(mutex_);
  for (const AlertChange& change : changes) {
    BoardAlert& alert = alerts_[change.id];
    const auto place = std::lower_bound(
        alert.steps.begin(), alert.steps.end(), change.number,
        [](const AlertStep& step, int64_t number) { return step.number < number; });
    if (place != alert.steps.end() && place->number == change.number) continue;
    if (place == alert.steps.end()) alert.last = change;
    alert.steps.insert(place, {.number = change.number,
                               .state = change.state,
                               .severity = change.severity,
                               .event_time_us = change.event_time_us,
                               .reason = change.reason});
    if (Fires(change.state)) {
      alert.fired_us =
          std::min(alert.fired_us.value_or(change.event_time_us), change.event_time_us);
    }
    TouchLocked(&alert);
  }
  ForgetLocked();
}

void AlertBoard::AddEntries(std::span<const OperatorEntry> entries) {
  const std::lock_guard lock(mutex_);
  for (const OperatorEntry& entry : entries) {
    const auto found = alerts_.find(entry.alert_id);
    if (found == alerts_.end()) continue;
    BoardAlert& alert = found->second;
    const bool known =
        std::any_of(alert.entries.begin(), alert.entries.end(),
                    [&](const OperatorEntry& other) { return other.id == entry.id; });
    if (known) continue;
    alert.entries.push_back(entry);
    TouchLocked(&alert);
  }
}

AlertBoard::Page AlertBoard::Find(const AlertFilter& filter, size_t limit) const {
  Page page;
  const std::lock_guard lock(mutex_);
  std::vector<const BoardAlert*> found;
  for (const auto& [id, alert] : alerts_) {
    if (!filter.Matches(alert)) continue;
    const AlertStage stage = alert.stage();
    ++page.stages[static_cast<size_t>(stage)];
    if (!filter.stage || *filter.stage == stage) found.push_back(&alert);
  }
  page.matching = found.size();
  const auto newer = [](const BoardAlert* a, const BoardAlert* b) {
    if (a->last.event_time_us != b->last.event_time_us) {
      return a->last.event_time_us > b->last.event_time_us;
    }
    return a->last.id < b->last.id;
  };
  const size_t kept = std::min(limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                    newer);
  found.resize(kept);
  for (const BoardAlert* alert : found) page.alerts.push_back(*alert);
  return page;
}

std::optional<BoardAlert> AlertBoard::Get(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = alerts_.find(std::string(id));
  if (found == alerts_.end()) return std::nullopt;
  return found->second;
}

std::unordered_map<std::string, AlertBoard::StageCounts> AlertBoard::CountByDevice() const {
  std::unordered_map<std::string, StageCounts> counts;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, alert] : alerts_) {
    if (alert.last.device.empty()) continue;
    ++counts[alert.last.device][static_cast<size_t>(alert.stage())];
  }
  return counts;
}

std::array<uint64_t, kNumAlertSeverities> AlertBoard::CountFiring() const {
  std::array<uint64_t, kNumAlertSeverities> counts{};
  const std::lock_guard lock(mutex_);
  for (const auto& [id, alert] : alerts_) {
    if (Fires(alert.last.state)) ++counts[static_cast<size_t>(alert.last.severity)];
  }
  return counts;
}

std::vector<BoardAlert> AlertBoard::OfSeries(std::string_view device,
                                             std::string_view metric) const {
  std::vector<BoardAlert> found;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, alert] : alerts_) {
    if (alert.last.device == device && alert.last.metric == metric) found.push_back(alert);
  }
  return found;
}

std::string SimilarAlerts::Sentence() const {
  if (alerts.empty()) return "";
  const BoardAlert& newest = alerts.front();
  std::string text =
      fmt::format("{} {} on {}, last {}", found, found == 1 ? "time" : "times",
                  of_device ? "this device" : "other devices", SpokenTime(newest.last.opened_us));
  const bool is_over = newest.last.state == AlertState::kCleared;
  const int64_t lasted_us = newest.last.event_time_us - newest.last.opened_us;
  if (is_over) text += ", which cleared after " + SpokenDuration(lasted_us);
  const OperatorEntry* label = newest.Newest(OperatorAction::kLabel);
  if (label != nullptr) {
    text += (is_over ? " and was labelled " : ", which was labelled ") + label->text;
  }
  return text;
}

SimilarAlerts AlertBoard::Similar(const AlertChange& alert, size_t limit) const {
  std::vector<const BoardAlert*> of_device, of_others;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, other] : alerts_) {
    const bool is_like = other.last.metric == alert.metric &&
                         other.last.strongest.detector == alert.strongest.detector;
    const bool is_earlier = other.last.opened_us < alert.opened_us;
    if (!is_like || !is_earlier || !other.fired_us) continue;
    (other.last.device == alert.device ? of_device : of_others).push_back(&other);
  }
  SimilarAlerts similar{.of_device = !of_device.empty(), .found = 0, .alerts = {}};
  std::vector<const BoardAlert*>& found = similar.of_device ? of_device : of_others;
  similar.found = found.size();
  const auto end = found.begin() + static_cast<ptrdiff_t>(std::min(limit, found.size()));
  std::partial_sort(found.begin(), end, found.end(), [](const auto* a, const auto* b) {
    return std::pair(a->last.opened_us, a->last.id) > std::pair(b->last.opened_us, b->last.id);
  });
  for (auto it = found.begin(); it != end; ++it) similar.alerts.push_back(**it);
  return similar;
}

AlertBoard::Part AlertBoard::ChangedAfter(uint64_t after, size_t limit) const {
  Part part{.alerts = {}, .last = after};
  const std::lock_guard lock(mutex_);
  for (auto next = order_.upper_bound(after); next != order_.end() && part.alerts.size() < limit;
       ++next) {
    part.alerts.push_back(alerts_.at(next->second));
    part.last = next->first;
  }
  return part;
}

uint64_t AlertBoard::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

int64_t AlertBoard::complete_from_us() const {
  const std::lock_guard lock(mutex_);
  return complete_from_us_;
}

std::map<std::string, RuleActivity> AlertBoard::Activity(int64_t now_us, size_t days) const {
  std::map<std::string, RuleActivity> activities;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, alert] : alerts_) {
    const int64_t about_us = alert.fired_us.value_or(alert.last.opened_us);
    const int64_t age_us = now_us - about_us;
    if (age_us < 0 || age_us >= static_cast<int64_t>(days) * kMicrosPerDay) continue;
    RuleActivity& activity = activities[alert.last.rule];
    activity.fires_per_day.resize(days);
    if (!alert.fired_us) {
      activity.never_fired += alert.last.state == AlertState::kCleared ? 1 : 0;
      continue;
    }
    ++activity.fires;
    ++activity.fires_per_day[days - 1 - static_cast<size_t>(age_us / kMicrosPerDay)];
    ++activity.devices[alert.last.device];
    activity.last_fired_us = std::max(activity.last_fired_us.value_or(about_us), about_us);
    activity.open += alert.last.state == AlertState::kCleared ? 0 : 1;
    activity.flapping += std::any_of(alert.steps.begin(), alert.steps.end(), [](const auto& step) {
      return step.state == AlertState::kFlapping;
    });
    activity.acknowledged += alert.Newest(OperatorAction::kAcknowledge) != nullptr ? 1 : 0;
    if (const OperatorEntry* label = alert.Newest(OperatorAction::kLabel)) {
      ++(label->text == kFalsePositive ? activity.false_positives : activity.true_positives);
    }
  }
  return activities;
}

}  // namespace avocet
