#include "src/detect/auto/novelty.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace avocet::auto_detect {
namespace {

constexpr ArRule kForecastRule = {.memory = 0.9995F, .young = 0};
constexpr float kForecastWeight = 0.9F;
constexpr float kSurpriseRate = 0.1F;
constexpr float kSeverityRate = 0.1F;
constexpr float kRecordMemory = 0.99993F;
constexpr float kDaily = 2.46F;  // rarity of one of the 288 steps of a day
constexpr uint32_t kWarmUp = 100;

}  // namespace

std::string_view ViewName(size_t view) {
  constexpr std::string_view kNames[kNumViews] = {"level", "forecast", "level_shift", "change",
                                                  "unchanged"};
  return kNames[view];
}

std::array<float, kNumViews> Novelty::Look(double x) {
  const bool first = steps_ == 0;
  if (first) std::fill_n(lags_, std::size(lags_), x);
  std::array<float, kNumViews> views{};
  views[kLevelView] = level_.Update(x, steps_);
  const float error = std::abs(forecast_.Update(x, lags_, kForecastRule, 0).z);
  const float n = static_cast<float>(steps_) + 1;
  surprise_ += std::max(kSurpriseRate, 1 / n) * (error - surprise_);
  views[kForecast] = surprises_.Update(surprise_);
  views[kShift] = shift_.Update(x, steps_);
  views[kChange] = change_.Update(x, lags_[LagDifference::kLag - 1], steps_);
  views[kFlat] = first ? 0 : flat_.Update(x == lags_[0]);
  std::copy_backward(lags_, std::end(lags_) - 1, std::end(lags_));
  lags_[0] = x;
  return views;
}

Novelty::Result Novelty::Update(double x) {
  Result result;
  result.views = Look(x);
  float all = 0;
  for (size_t view = 0; view < kNumViews; ++view) {
    float& rarity = result.views[view];
    all = std::max(all, rarity);
    if (view != kLevelView) rarity = gates_[view - 1].Pass(rarity, steps_);
    if (view == kForecast) rarity *= kForecastWeight;
    result.rarity = std::max(result.rarity, rarity);
  }
  // Larger records are forgotten after some weeks without any. What comes every day is not novel.
  if (steps_ >= kWarmUp) result.record = result.rarity / std::max(record_, kDaily);
  record_ = std::max(record_ * kRecordMemory, result.rarity);
  severity_ += std::max(kSeverityRate, 1 / (static_cast<float>(steps_) + 1)) * (all - severity_);
  result.severity = severity_;
  if (steps_ != UINT32_MAX) ++steps_;
  return result;
}

bool Novelty::IsPlausible() const {
  const auto positive = [](float x) { return x >= 0 && x < 1e6F; };
  return positive(record_) && positive(severity_) && positive(surprise_) &&
         std::all_of(lags_, std::end(lags_), [](double x) { return std::abs(x) < 1e60; }) &&
         std::all_of(gates_, std::end(gates_), [](const ViewGate& g) { return g.IsPlausible(); }) &&
         forecast_.IsPlausible() && surprises_.IsPlausible() && level_.IsPlausible() &&
         shift_.IsPlausible() && change_.IsPlausible();
}

}  // namespace avocet::auto_detect
