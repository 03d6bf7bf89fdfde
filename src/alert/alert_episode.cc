#include "src/alert/alert_episode.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "src/alert/finding_io.h"
#include "src/base/spoken_time.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

constexpr int64_t kNever = INT64_MIN;

// Times are any int64_t; a difference that does not fit is a very long one.
int64_t Elapsed(int64_t since_us, int64_t now_us) {
  int64_t difference = 0;
  return __builtin_sub_overflow(now_us, since_us, &difference) ? INT64_MAX : difference;
}

std::string Length(int64_t micros) { return FormatDuration(micros); }

}  // namespace

void AlertEpisode::Observe(const AlertRuleConfig& rule, const Subject& subject,
                           AlertObservation observation, std::vector<AlertChange>* out) {
  now_us_ = std::max(now_us_, observation.time_us);
  const bool fires = observation.fires;
  const bool quiet = !fires && !observation.holds;
  recent_ = (recent_ << 1) | (fires ? 1U : 0U);
  if (rule.of < 64) recent_ &= (uint64_t{1} << rule.of) - 1;
  const bool opens = fires && state_ == AlertState::kIdle;
  if (opens) Open(now_us_);
  if (state_ == AlertState::kIdle) return;
  if (!quiet) {
    held_us_ = now_us_;
    ++anomalies_;
    severity_ = std::max(severity_, observation.finding.severity);
    if (anomalies_ == 1 || observation.finding.score > strongest_.score) {
      strongest_ = std::move(observation.finding);
    }
  }
  if (state_ == AlertState::kPending) {
    WatchPending(rule, subject, opens, out);
  } else {
    WatchFiring(rule, subject, quiet, out);
  }
}

void AlertEpisode::Open(int64_t time_us) {
  repeat_ = opened_us_ == time_us ? repeat_ + 1 : 0;
  opened_us_ = time_us;
  state_ = AlertState::kPending;
  enough_since_us_ = fired_us_ = kNever;
  anomalies_ = changes_ = 0;
  severity_ = AlertSeverity::kInfo;
}

void AlertEpisode::WatchPending(const AlertRuleConfig& rule, const Subject& subject, bool opened,
                                std::vector<AlertChange>* out) {
  const int64_t anomalous = std::popcount(recent_);
  if (anomalous < rule.count) {
    enough_since_us_ = kNever;
  } else if (enough_since_us_ == kNever) {
    enough_since_us_ = now_us_;
  }
  const bool enough = enough_since_us_ != kNever;
  if (enough && Elapsed(enough_since_us_, now_us_) >= rule.duration.count()) {
    return Fire(rule, subject, out);
  }
  if (anomalous == 0) {
    return Close(rule, subject, "it did not last: too few readings were anomalous", out);
  }
  if (!opened) return;
  std::string waits;
  if (rule.count > 1) waits = fmt::format("{} of {} readings", rule.count, rule.of);
  if (rule.duration.count() > 0) {
    waits += fmt::format("{}{}", waits.empty() ? "" : " for ", Length(rule.duration.count()));
  }
  Tell(AlertState::kPending, rule, subject,
       fmt::format("waits for {}; so far: {}", waits, strongest_.reason), out);
}

void AlertEpisode::Fire(const AlertRuleConfig& rule, const Subject& subject,
                        std::vector<AlertChange>* out) {
  fired_us_ = now_us_;
  std::erase_if(fires_us_,
                [&](int64_t time) { return Elapsed(time, now_us_) > rule.flap_window.count(); });
  fires_us_.push_back(now_us_);
  const auto fires = static_cast<int64_t>(fires_us_.size());
  if (rule.flap_fires > 0 && fires >= rule.flap_fires) {
    state_ = AlertState::kFlapping;
    return Tell(state_, rule, subject,
                fmt::format("it comes and goes, {} times within {}; silent until it has been calm "
                            "for as long. Last: {}",
                            fires, Length(rule.flap_window.count()), strongest_.reason),
                out);
  }
  state_ = AlertState::kFiring;
  std::string reason = strongest_.reason;
  if (rule.count > 1) {
    reason = fmt::format("{} of the last {} readings: {}", std::popcount(recent_), rule.of, reason);
  }
  if (rule.duration.count() > 0) {
    reason = fmt::format("for {}, {}", SpokenDuration(Elapsed(enough_since_us_, now_us_)), reason);
  }
  Tell(state_, rule, subject, std::move(reason), out);
}

void AlertEpisode::WatchFiring(const AlertRuleConfig& rule, const Subject& subject, bool quiet,
                               std::vector<AlertChange>* out) {
  const bool flapping = state_ == AlertState::kFlapping;
  if (!quiet) {
    if (severity_ == told_severity_ || flapping) return;
    return Tell(state_, rule, subject,
                fmt::format("it is {} now: {}", AlertSeverityName(severity_), strongest_.reason),
                out);
  }
  const int64_t calm_us = Elapsed(held_us_, now_us_);
  const int64_t needed_us =
      flapping ? std::max(rule.hold_off.count(), rule.flap_window.count()) : rule.hold_off.count();
  if (calm_us < needed_us || Elapsed(fired_us_, now_us_) < rule.hold_on.count()) return;
  if (flapping) fires_us_.clear();
  Close(rule, subject,
        fmt::format("no anomaly for {}; it lasted {}, with {} {}", SpokenDuration(calm_us),
                    SpokenDuration(Elapsed(opened_us_, held_us_)), anomalies_,
                    anomalies_ == 1 ? "anomaly" : "anomalies"),
        out);
}

void AlertEpisode::Close(const AlertRuleConfig& rule, const Subject& subject, std::string reason,
                         std::vector<AlertChange>* out) {
  Tell(AlertState::kCleared, rule, subject, std::move(reason), out);
  state_ = AlertState::kIdle;
  recent_ = 0;
}

void AlertEpisode::Tell(AlertState state, const AlertRuleConfig& rule, const Subject& subject,
                        std::string reason, std::vector<AlertChange>* out) {
  told_severity_ = severity_;
  out->push_back({.id = MakeAlertId(rule.name, subject.device, subject.metric, opened_us_, repeat_),
                  .number = changes_++,
                  .rule = rule.name,
                  .device = std::string(subject.device),
                  .metric = std::string(subject.metric),
                  .label = std::string(subject.label),
                  .state = state,
                  .event_time_us = now_us_,
                  .opened_us = opened_us_,
                  .severity = severity_,
                  .anomalies = anomalies_,
                  .fired = fired_us_ != kNever,
                  .strongest = strongest_,
                  .reason = std::move(reason)});
}

bool AlertEpisode::IsForgettable(const AlertRuleConfig& rule, int64_t time_us) const {
  if (state_ != AlertState::kIdle || time_us <= opened_us_) return false;
  return fires_us_.empty() || Elapsed(fires_us_.back(), time_us) > rule.flap_window.count();
}

void AlertEpisode::Save(StateWriter* out) const {
  out->Put(state_);
  out->Put(recent_);
  for (const int64_t number : {now_us_, opened_us_, repeat_, enough_since_us_, fired_us_, held_us_,
                               anomalies_, changes_}) {
    out->Put(number);
  }
  out->Put(told_severity_);
  out->Put(severity_);
  SaveFinding(strongest_, out);
  out->PutArray<int64_t>(fires_us_);
}

Status AlertEpisode::Load(StateReader* in) {
  AVOCET_RETURN_IF_ERROR(in->Get(&state_));
  AVOCET_RETURN_IF_ERROR(in->Get(&recent_));
  for (int64_t* number : {&now_us_, &opened_us_, &repeat_, &enough_since_us_, &fired_us_, &held_us_,
                          &anomalies_, &changes_}) {
    AVOCET_RETURN_IF_ERROR(in->Get(number));
  }
  AVOCET_RETURN_IF_ERROR(in->Get(&told_severity_));
  AVOCET_RETURN_IF_ERROR(in->Get(&severity_));
  AVOCET_RETURN_IF_ERROR(LoadFinding(in, &strongest_));
  AVOCET_RETURN_IF_ERROR(in->GetArray(&fires_us_));
  const bool fits = state_ <= AlertState::kFlapping && severity_ <= AlertSeverity::kCritical &&
                    told_severity_ <= AlertSeverity::kCritical;
  return fits ? Status::Ok() : Status::Corrupt("the state of an alert does not fit");
}

}  // namespace avocet
