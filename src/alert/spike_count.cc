#include "src/alert/spike_count.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "src/base/floor_divide.h"

namespace avocet {
namespace {

constexpr double kWindowsToKnow = 3;

int64_t StepUs(const AlertRuleConfig& rule) { return rule.spike_window.count() / 6; }

/// Moves that the history remembers.
double Memory(const AlertRuleConfig& rule) {
  return std::max(
      1.0, static_cast<double>(rule.spike_history.count()) / static_cast<double>(StepUs(rule)));
}

}  // namespace

int64_t SpikeCount::NextStep(const AlertRuleConfig& rule) const {
  if (step_ == INT64_MIN) return INT64_MIN;
  int64_t next = 0;
  return __builtin_mul_overflow(step_ + 1, StepUs(rule), &next) ? INT64_MAX : next;
}

void SpikeCount::Advance(const AlertRuleConfig& rule, int64_t time_us) {
  const int64_t step = FloorDivide(time_us, StepUs(rule));
  if (step_ == INT64_MIN) step_ = step;
  while (step_ < step) {
    const int64_t total = count();
    if (total == 0) {
      // The rest of the way is quiet.
      quiet_steps_ += step - step_;
      step_ = step;
      return;
    }
    LearnQuiet(rule);
    Learn(rule, static_cast<double>(total));
    std::shift_left(counts_.begin(), counts_.end(), 1);
    counts_.back() = 0;
    ++step_;
  }
}

int64_t SpikeCount::count() const {
  return std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
}

void SpikeCount::Learn(const AlertRuleConfig& rule, double count) {
  count = std::min(count, Threshold(rule));
  const double weight = std::max(1 / (learned_ + 1), 1 / Memory(rule));
  mean_ += weight * (count - mean_);
  mean_square_ += weight * (count * count - mean_square_);
  learned_ += 1;
}

// What Learn(0) does so many times over: an average while there are few, then exponential decay.
void SpikeCount::LearnQuiet(const AlertRuleConfig& rule) {
  const auto quiet = static_cast<double>(quiet_steps_);
  quiet_steps_ = 0;
  if (quiet == 0) return;
  const double memory = Memory(rule);
  const double averaged = std::clamp(memory - learned_, 0.0, quiet);
  double factor = learned_ + averaged > 0 ? learned_ / (learned_ + averaged) : 0;
  factor *= std::pow(1 - 1 / memory, quiet - averaged);
  mean_ *= factor;
  mean_square_ *= factor;
  learned_ += quiet;
}

double SpikeCount::Mean(const AlertRuleConfig& rule) const {
  SpikeCount up_to_date = *this;
  up_to_date.LearnQuiet(rule);
  return up_to_date.mean_;
}

double SpikeCount::Threshold(const AlertRuleConfig& rule) const {
  SpikeCount up_to_date = *this;
  up_to_date.LearnQuiet(rule);
  if (up_to_date.learned_ < kWindowsToKnow * kSteps) return std::numeric_limits<double>::infinity();
  const double mean = up_to_date.mean_;
  // Counts of rare events vary at least as much as those of a Poisson process.
  const double variance = std::max({up_to_date.mean_square_ - mean * mean, mean, 1.0});
  return std::max(static_cast<double>(rule.spike_min_count),
                  std::ceil(mean + rule.spike_sigma * std::sqrt(variance)));
}

void SpikeCount::Save(StateWriter* out) const {
  out->Put(step_);
  for (const int64_t count : counts_) out->Put(count);
  out->Put(quiet_steps_);
  out->Put(learned_);
  out->Put(mean_);
  out->Put(mean_square_);
}

Status SpikeCount::Load(StateReader* in) {
  AVOCET_RETURN_IF_ERROR(in->Get(&step_));
  for (int64_t& count : counts_) AVOCET_RETURN_IF_ERROR(in->Get(&count));
  AVOCET_RETURN_IF_ERROR(in->Get(&quiet_steps_));
  AVOCET_RETURN_IF_ERROR(in->Get(&learned_));
  AVOCET_RETURN_IF_ERROR(in->Get(&mean_));
  AVOCET_RETURN_IF_ERROR(in->Get(&mean_square_));
  const bool fits =
      quiet_steps_ >= 0 && learned_ >= 0 && std::isfinite(mean_) && std::isfinite(mean_square_);
  return fits ? Status::Ok() : Status::Corrupt("the count of anomalies does not fit");
}

}  // namespace avocet
