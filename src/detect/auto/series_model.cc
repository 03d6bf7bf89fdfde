#include "src/detect/auto/series_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/civil_time.h"
#include "src/detect/auto/quick_log.h"
#include "src/detect/number_limits.h"
#include "src/detect/reporting_clock.h"

namespace avocet::auto_detect {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kHabitUs = kMicrosPerDay / 2;
constexpr uint32_t kJudgesAfter = 200;         // readings
constexpr uint32_t kHugeAfter = 60;            // readings
constexpr float kHuge = 20;                    // errors of the forecast
constexpr uint32_t kMissesAfter = 30;          // readings
constexpr uint32_t kNoveltyAfter = 300;        // readings of a slow series
constexpr uint32_t kNoveltyStepsAfter = 2016;  // five-minute steps of a fast one: a week
constexpr double kGapPeriods = 3;              // a pause across which changes mean nothing
constexpr double kSecondsPerUs = 1e-6;
constexpr float kStepSeconds = 150;  // series that report less often: novelty by reading
constexpr double kBandDeviations = 4;
constexpr float kSeverityRate = 0.1F;
constexpr float kStrangest = 1e6F;  // score that counts for severity, at most

constexpr ArRule kForecastRule = {.memory = 0.9998F, .young = 1000};
constexpr OutlierRule kSpikeRule = {};
constexpr LevelRule kLevelRule = {.rate = 1.0F / 30,
                                  .slowest = 7e-5F,
                                  .judges_after = 300,
                                  .floor = 5.5F,
                                  .record_factor = 1.2F,
                                  .memory = 0.99999F};
// Without peers there is nothing else to tell a first day of another kind by.
constexpr LevelRule kAloneLevelRule = [] {
  LevelRule rule = kLevelRule;
  rule.huge_after = 60;
  rule.keeps_faults = true;
  return rule;
}();
constexpr LevelRule kApartRule = {.rate = 1,
                                  .slowest = 0.002F,
                                  .judges_after = 48,
                                  .floor = 6.6F,
                                  .record_factor = 1.2F,
                                  .memory = 0.9995F};
constexpr LevelRule kApartSoonRule = {.rate = 1.0F / 3,
                                      .slowest = 0.002F,
                                      .judges_after = 72,
                                      .floor = 4,
                                      .record_factor = 1.2F,
                                      .memory = 0.9995F,
                                      .growth = 1.4F,
                                      .keeps_faults = true};
constexpr LevelRule kApartLongRule = {.rate = 1.0F / 30,
                                      .slowest = 0.002F,
                                      .judges_after = 96,
                                      .floor = 5,
                                      .record_factor = 1.2F,
                                      .memory = 0.9995F,
                                      .growth = 1.4F,
                                      .keeps_faults = true};
constexpr float kMostApart = 8;  // that means are over, in usual sizes
// Usual size of means over half an hour or hours, in that of a bucket, at least.
constexpr float kLeastOfSoon = 0.5F;
constexpr float kLeastOfLong = 0.3F;
constexpr float kMistaken = 1.25F;    // by how much it may be more than it was thought to be
constexpr float kLeastOfStep = 0.4F;  // usual size of a level, in the steps of coarse values
constexpr double kEdgeNoise = 3;      // usual changes

float Narrow(double x) { return static_cast<float>(std::clamp(x, -1e30, 1e30)); }

// Modulo 2^32.
uint32_t Seconds(int64_t time_us) { return static_cast<uint32_t>(time_us / kMicrosPerSecond); }

double SecondsBetween(int64_t from_us, int64_t to_us) {
  return static_cast<double>(SaturatingSubtract(to_us, from_us)) * kSecondsPerUs;
}

}  // namespace

int64_t SeriesModel::known_us() const {
  const uint32_t seconds = Seconds(last_us_) - first_s_;
  return int64_t{seconds} * kMicrosPerSecond;
}

void SeriesModel::Prefetch(int64_t time_us) const {
  constexpr ptrdiff_t kLine = 64;
  // With the end of what is before it, which says whether the series is away from its fleet.
  const auto* end = reinterpret_cast<const char*>(&season_);
  for (const auto* at = reinterpret_cast<const char*>(&closed_residual_); at < end; at += kLine) {
    __builtin_prefetch(at, 1);
  }
  season_.Prefetch(time_us);
}

void SeriesModel::Update(const Reading& reading, const Settings& settings, const FleetView& fleet,
                         Novelty* novelty, Verdict* out) {
  const Season::Place place = season_.PlaceOf(reading.time_us);
  const bool first = bucket_.count == 0;
  if (first) {
    std::fill_n(lags_, ArResidual::kOrder, reading.x);
    last_us_ = reading.time_us;
    first_s_ = Seconds(last_us_);
  }
  const double spacing = SecondsBetween(last_us_, reading.time_us);
  const bool after_gap =
      pace_.IsKnown() && spacing > kGapPeriods * static_cast<double>(pace_.period_s());
  if (spacing > 0 && reading.excused_us == 0) pace_.Update(spacing);
  if (after_gap) std::fill_n(lags_, ArResidual::kOrder, reading.x);

  JudgeShape(reading, first || after_gap, readings() > kJudgesAfter, out);
  JudgeLevel(reading, place, fleet, out);
  JudgeAmongPeers(reading, fleet, out);
  CloseStep(reading, novelty, out);
  Conclude(reading.time_us, settings, out);
  if (out->raised != kNumChannels) out->on_ramp = IsOnRamp(reading.x);

  for (size_t i = ArResidual::kOrder - 1; i > 0; --i) lags_[i] = lags_[i - 1];
  lags_[0] = reading.x;
  last_us_ = reading.time_us;
}

void SeriesModel::JudgeShape(const Reading& reading, bool begins, bool judges, Verdict* out) {
  const double x = reading.x;
  Scores& scores = out->scores;
  const float step = noise_.step();
  const bool learns = doubt_ < kAnomalous;
  if (!begins) {  // first, as it takes longest and nothing waits for it
    const double change = x - lags_[0];
    const float noise = noise_.Update(change * change, pace_.period_s(), learns);
    scores[kNoise] = noise;
    scores[kDead] = -noise;
  }
  const ArResidual::Result forecast = forecast_.Update(x, lags_, kForecastRule, step);
  out->expected = forecast.predicted;
  out->lower = forecast.predicted - kBandDeviations * forecast.unit;
  out->upper = forecast.predicted + kBandDeviations * forecast.unit;
  if (readings() > kJudgesAfter / 2) out->distance = Narrow(forecast.distance) / kSpikeRule.floor;
  if (begins) {
    jump_ = 0;
    return;
  }
  if (jump_ != 0 && learns) LearnJump(x);
  // The tail of the errors is not known yet: what is huge is told from what is not.
  const float early = std::abs(forecast.z) / kHuge;
  if (!judges && readings() > kHugeAfter && early > 1) {
    scores[forecast.z > 0 ? kSpike : kDip] = early;
  } else if (readings() > kJudgesAfter / 2) {
    scores[kSpike] = spike_.Update(std::max(forecast.z, 0.0F), kSpikeRule, judges, learns);
    scores[kDip] = dip_.Update(std::max(-forecast.z, 0.0F), kSpikeRule, judges, learns);
  }
  const auto is_record = [](float score) { return score * kSpikeRule.record_factor > 1; };
  jump_ = static_cast<int8_t>(is_record(scores[kSpike]) - is_record(scores[kDip]));
  scores[kStuck] = stuck_.Update(x == lags_[0], judges);
  scores[kClip] = clip_.Update(x, judges);
}

void SeriesModel::JudgeLevel(const Reading& reading, const Season::Place& place,
                             const FleetView& fleet, Verdict* out) {
  // What a day does to the whole fleet is not what is usual.
  const bool has_peers = fleet.HasPeers(reading.fleet_bucket);
  // A series that is switched at hours of its own has peers for its level, but none for its habits.
  const bool alone = !has_peers || season_.HasOwnEdges();
  const double own = reading.x - (alone ? 0 : static_cast<double>(fleet.newest().next));
  const float least = kLeastOfStep * noise_.coarseness();
  const double deviation = std::max(level_.deviation(), least);
  const double edge = alone && has_peers ? static_cast<double>(apart_.deviation()) : deviation;
  Season::Usual known;
  const bool has_season = season_.Expect(place, own, edge, alone, &known);
  double usual = known.value;
  // A level that lasts is no habit of an hour: see AdoptLevel.
  const bool lasts =
      episode_.is_open() && SaturatingSubtract(reading.time_us, episode_.onset_us()) > kHabitUs;
  if (!lasts && std::abs(own - known.claimed) < std::abs(own - usual)) usual = known.claimed;
  if ((!lasts || (alone && season_.KnowsWeek())) && pace_.IsKnown()) {
    season_.Learn(place, own, pace_.period_s(), doubt_ != kNone, alone);
  }
  out->has_season = has_season;
  if (!has_season) return;
  out->residual = Narrow(reading.x - usual);
  const LevelRule& rule = has_peers ? kLevelRule : kAloneLevelRule;
  out->own_level = level_.Update(out->residual, rule, doubt_ < kAnomalous, least);
  // Among peers the fleet says whether a level is out of the ordinary.
  if (!has_peers) out->scores[kLevel] = out->own_level;
  const double half = kBandDeviations * deviation;
  const bool fits = std::abs(reading.x - usual) <= half;
  if (fits && !has_peers) level_.ComeBack(rule, least);
  out->is_switched = known.at_step && fits;
  // Between two means anything is usual: beyond one of them noise has a side, and a mean that is
  // none.
  out->is_at_edge = known.at_step && season_.HasOwnEdges() &&
                    std::abs(reading.x - usual) <= kEdgeNoise * noise_.usual_change();
  out->expected = usual;
  out->lower = usual - half;
  out->upper = usual + half;
}

void SeriesModel::JudgeAmongPeers(const Reading& reading, const FleetView& fleet, Verdict* out) {
  const auto judge = [&](int64_t bucket, float residual, uint8_t* judged) {
    if (*judged != 0 || bucket >= reading.fleet_bucket) return;
    const FleetView::Entry* peers = fleet.Find(bucket);
    if (peers == nullptr) return;
    *judged = 1;
    const float apart = residual - peers->median;
    const bool learns = doubt_ < kAnomalous;
    const float coarse = kLeastOfStep * noise_.coarseness();
    const float now = apart_.Update(apart, kApartRule, learns, coarse);
    const int64_t middle_us = bucket * kFleetBucketUs + kFleetBucketUs / 2;
    season_.NoteEdge(middle_us, static_cast<double>(apart_.deviation()), now > 1);
    // Means of hours are few in the first days: their usual size is a guess for long.
    const float usual = apart_.deviation();
    const auto least = [&](float share) { return std::max(coarse, share * usual); };
    // What is left of a large fault must not hide the next one.
    const float most = kMostApart * least(1);
    const float clipped = most > 0 ? std::clamp(apart, -most, most) : apart;
    // That of the devices together is known better than that of one.
    const float fleets = std::min(peers->deviation, kMistaken * apart_soon_.deviation());
    const float least_soon = std::max(fleets, least(kLeastOfSoon));
    const float lasting =
        std::max(apart_soon_.Update(clipped, kApartSoonRule, learns, least_soon),
                 apart_long_.Update(clipped, kApartLongRule, learns, least(kLeastOfLong)));
    // Apart from the fleet, and unusual by itself: the fleet only confirms it.
    constexpr float kUnusual = 0.7F;
    const Channel channel = out->own_level < kUnusual ? kPeer : now > lasting ? kLevel : kDrift;
    float& score = out->scores[channel];
    score = std::max({score, now, lasting});
    if (channel != kPeer || score <= 1 || !out->has_season) return;
    const double half = kBandDeviations * static_cast<double>(apart_.deviation());
    out->expected = reading.x - static_cast<double>(out->residual - peers->median);
    out->lower = out->expected - half;
    out->upper = out->expected + half;
  };
  if (bucket_.after_closed != 0) judge(closed_bucket(), closed_residual_, &closed_judged_);
  if (bucket_.residuals != 0) {
    judge(bucket_.index, bucket_.residual_sum / static_cast<float>(bucket_.residuals),
          &open_judged_);
  }
}

void SeriesModel::CloseStep(const Reading& reading, Novelty* novelty, Verdict* out) {
  const int64_t bucket = FleetBucketOf(reading.time_us);
  const bool by_reading = !pace_.IsKnown() || pace_.period_s() > kStepSeconds;
  if (bucket != bucket_.index && bucket_.count != 0) {
    if (novelty != nullptr && !by_reading) {
      out->novelty = novelty->Update(bucket_.sum / static_cast<double>(bucket_.count));
    }
    OpenBucket(bucket);
  }
  bucket_.index = bucket;
  bucket_.sum += reading.x;
  ++bucket_.count;
  if (out->has_season && reading.fleet_bucket <= bucket) {
    if (!out->is_at_edge) bucket_.residual_sum += out->residual;
    ++bucket_.residuals;
  }
  if (novelty == nullptr) return;
  if (by_reading) out->novelty = novelty->Update(reading.x);
  // Whatever a series does in the beginning is new.
  if (novelty->steps() <= (by_reading ? kNoveltyAfter : kNoveltyStepsAfter)) return;
  // A mean of both sides of an edge is a level that never was.
  if (by_reading || !out->is_switched) out->scores[kNovelty] = out->novelty.record;
  out->severity = novelty->severity();
}

void SeriesModel::OpenBucket(int64_t bucket) {
  int64_t after_closed = bucket - bucket_.index;
  if (bucket_.residuals != 0) {
    closed_residual_ = bucket_.residual_sum / static_cast<float>(bucket_.residuals);
    closed_judged_ = open_judged_;
  } else {
    after_closed = bucket_.after_closed == 0 ? 0 : after_closed + bucket_.after_closed;
  }
  open_judged_ = 0;
  bucket_ = {};
  // What is as old as that is not compared with anything.
  if (after_closed <= UINT32_MAX) bucket_.after_closed = static_cast<uint32_t>(after_closed);
}

// What goes down at a stroke and stays there, such as a light, comes up at a stroke some time, and
// the other way round. `x`: the reading after the jump.
void SeriesModel::LearnJump(double x) {
  if (std::abs(x - lags_[0]) > std::abs(lags_[0] - lags_[1]) / 2) return;
  if (jump_ > 0) {
    dip_.LearnFrom(spike_);
  } else {
    spike_.LearnFrom(dip_);
  }
}

// Noise that is louder than usual seldom goes the same way three times by like amounts.
bool SeriesModel::IsOnRamp(double x) const {
  constexpr double kFast = 2;  // usual changes
  constexpr double kAlike = 3;
  double least = std::numeric_limits<double>::infinity();
  double most = 0;
  const double up = x > lags_[0] ? 1 : -1;
  for (size_t i = 0; i < ArResidual::kOrder; ++i) {
    const double change = up * ((i == 0 ? x : lags_[i - 1]) - lags_[i]);
    least = std::min(least, change);
    most = std::max(most, change);
  }
  return least > kFast * noise_.usual_change() && most < kAlike * least;
}

// Whatever is strange about a reading, of which the typed channels may have seen enough to be
// silent, and how strange those just before it were: faults last.
void SeriesModel::RankReading(Verdict* out) {
  const float strangest = std::max(out->distance, last_score_);
  severity_ += kSeverityRate * (QuickLog(1 + std::min(strangest, kStrangest)) - severity_);
  out->severity += severity_;
}

void SeriesModel::Conclude(int64_t time_us, const Settings& settings, Verdict* out) {
  if (settings.threshold != 1) {
    for (float& score : out->scores) score /= settings.threshold;
  }
  last_score_ = HighestOf(out->scores);
  out->raised = episode_.Update(out->scores, last_score_, time_us, pace_.period_s());
  RankReading(out);
  AdoptLevel(time_us, settings);
  Weigh(time_us, settings);
}

// A fault teaches nothing. What lasts is not a fault, though, or one that nobody repairs.
void SeriesModel::Weigh(int64_t time_us, const Settings& settings) {
  doubt_ = episode_.is_open() || last_score_ > 1 ? kAnomalous
           : apart_long_.is_away()               ? kAway
                                                 : kNone;
  const auto now_s = Seconds(time_us) | 1U;
  if (doubt_ == kNone) {
    doubtful_since_s_ = 0;
  } else if (doubtful_since_s_ == 0) {
    doubtful_since_s_ = now_s;
  } else if (!episode_.is_open() && now_s - doubtful_since_s_ >= settings.adopt_us / 1'000'000) {
    doubt_ = kNone;
  }
}

// A level that lasts is the new normal.
void SeriesModel::AdoptLevel(int64_t time_us, const Settings& settings) {
  if (!episode_.is_open() || SaturatingSubtract(time_us, episode_.onset_us()) < settings.adopt_us) {
    return;
  }
  season_.Adopt(time_us, static_cast<double>(level_.level()));
  level_.Adopt();
  apart_.Adopt();
  apart_soon_.Adopt();
  apart_long_.Adopt();
  episode_.Close();
}

void SeriesModel::Reject(const Reading& reading, const Settings& settings, Verdict* out) {
  if (readings() <= kJudgesAfter) return;
  out->scores[reading.x > lags_[0] ? kSpike : kDip] = static_cast<float>(kUnscaledScore);
  out->expected = lags_[0];
  out->lower = out->upper = kUnknown;
  Conclude(reading.time_us, settings, out);
}

int64_t SeriesModel::due_us() const {
  return SaturatingAdd(last_us_, static_cast<int64_t>(std::min(pace_.Patience() * 1e6, 4e18)));
}

void SeriesModel::Miss(int64_t time_us, int64_t excused_us, const Settings& settings,
                       Verdict* out) {
  if (readings() < kMissesAfter) return;
  const double seconds =
      SecondsBetween(last_us_, time_us) - static_cast<double>(excused_us) * kSecondsPerUs;
  out->scores[kMissing] = static_cast<float>(std::clamp(seconds / pace_.Patience(), 0.0, 1e6));
  out->expected = out->lower = out->upper = kUnknown;
  Conclude(time_us, settings, out);
}

bool SeriesModel::FleetSample(int64_t bucket, float* residual) const {
  if (bucket_.residuals != 0 && bucket_.index == bucket) {
    *residual = bucket_.residual_sum / static_cast<float>(bucket_.residuals);
    return true;
  }
  if (bucket_.after_closed == 0 || closed_bucket() != bucket) return false;
  *residual = closed_residual_;
  return true;
}

void SeriesModel::ListHeldBack(uint16_t metric, std::vector<HeldBack>* out) const {
  if (readings() <= kJudgesAfter) out->push_back({metric, ""});
  for (size_t channel = 0; channel < kNumChannels; ++channel) {
    if (episode_.IsMuted(channel)) out->push_back({metric, ChannelName(channel)});
  }
}

bool SeriesModel::IsPlausible() const {
  const auto fits = [](double x) { return std::abs(x) < 1e60; };
  return std::all_of(lags_, lags_ + ArResidual::kOrder, fits) && std::abs(bucket_.sum) < 1e70 &&
         FleetView::IsBucket(bucket_.index) && std::abs(bucket_.residual_sum) < 1e37F &&
         std::abs(closed_residual_) < 1e37F && std::isfinite(last_score_) && severity_ >= 0 &&
         severity_ < 20 && pace_.IsPlausible() && forecast_.IsPlausible() && spike_.IsPlausible() &&
         dip_.IsPlausible() && stuck_.IsPlausible() && noise_.IsPlausible() &&
         clip_.IsPlausible() && level_.IsPlausible() && apart_.IsPlausible() &&
         apart_soon_.IsPlausible() && apart_long_.IsPlausible() && episode_.IsPlausible() &&
         season_.IsPlausible();
}

}  // namespace avocet::auto_detect
