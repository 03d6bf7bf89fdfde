#include "src/detect/auto/auto_detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/detect/auto/sentence.h"
#include "src/detect/maintenance_calendar.h"
#include "src/detect/number_limits.h"
#include "src/detect/snapshot_header.h"
#include "src/state/series_resets.h"

namespace avocet::auto_detect {
namespace {

constexpr uint32_t kPrefetchRows = 6;
constexpr float kCriticalScore = 2;

/// Keeps the largest shares, in descending order, as parts of the whole `total`.
void AddShare(Contribution contribution, std::array<Contribution, 4>* shares) {
  for (Contribution& kept : *shares) {
    if (contribution.share > kept.share) std::swap(contribution, kept);
  }
}

void Normalise(float total, std::array<Contribution, 4>* shares) {
  if (!(total > 0)) return;
  for (Contribution& kept : *shares) kept.share /= total;
}

void FillSignals(const Verdict& verdict, Anomaly* anomaly) {
  float total = 0;
  const auto add = [&](std::string_view signal, float score) {
    if (!(score > 0)) return;
    total += score;
    AddShare({kWholeDevice, signal, score}, &anomaly->signals);
  };
  if (verdict.raised == kNovelty) {
    for (size_t view = 0; view < kNumViews; ++view) {
      add(ViewName(view), verdict.novelty.views[view]);
    }
  } else {
    // Only what is unusual speaks for an anomaly.
    constexpr float kUnusual = 0.5F;
    for (size_t channel = 0; channel < kNumChannels; ++channel) {
      const float score = verdict.scores[channel];
      if (score > kUnusual) add(ChannelName(channel), score);
    }
  }
  Normalise(total, &anomaly->signals);
}

}  // namespace

AutoDetector::AutoDetector(const Settings& settings, bool lean, const DetectorConfig& config,
                           std::span<const std::string> metrics)
    : settings_(settings), lean_(lean), config_(config) {
  SetMetrics(metrics);
}

void AutoDetector::Metric::Grow(size_t num_slots, bool lean) {
  if (num_slots <= models.size()) return;
  const auto grow = [num_slots](auto* series) {
    if (num_slots > series->capacity()) {
      series->reserve(std::max(num_slots, series->capacity() + series->capacity() / 4));
    }
    series->resize(num_slots);
  };
  grow(&models);
  if (!lean) grow(&novelty);
}

void AutoDetector::SetMetrics(std::span<const std::string> names) {
  selected_ = SelectMetrics(config_, names);
  while (metrics_.size() < selected_.size()) {
    metrics_.emplace_back().index = selected_[metrics_.size()];
  }
}

void AutoDetector::Process(const KeyedBatch& batch, AnomalySink* out) {
  silence_.Grow(batch.num_slots);
  for (Metric& metric : metrics_) {
    metric.Grow(batch.num_slots, lean_);
    metric.fleets.resize(num_groups());
  }
  for (uint32_t row = 0; row < batch.rows; ++row) {
    if (row + kPrefetchRows < batch.rows) Prefetch(batch, row + kPrefetchRows);
    if (batch.late[row] == 0) ProcessRow(batch, row, out);
  }
}

void AutoDetector::Prefetch(const KeyedBatch& batch, uint32_t row) const {
  const uint32_t slot = batch.slots[row];
  for (const Metric& metric : metrics_) {
    if (metric.index >= batch.metrics.size()) continue;
    if (metric.models[slot] != nullptr) metric.models[slot]->Prefetch(batch.event_time_us[row]);
    if (!lean_ && metric.novelty[slot] != nullptr) {
      __builtin_prefetch(metric.novelty[slot].get(), 1);
    }
  }
}

void AutoDetector::ProcessRow(const KeyedBatch& batch, uint32_t row, AnomalySink* out) {
  silence_.Report(batch, row, maintenance(), out);
  // What the other metrics contributed is known only when all of the row are judged.
  const size_t first = out->size();
  for (Metric& metric : metrics_) {
    if (metric.index >= batch.metrics.size() || batch.metrics[metric.index].empty()) continue;
    Verdict verdict;
    if (!JudgeValue(batch, row, &metric, &verdict)) continue;
    if (!batch.anomalous.empty() && metric.models[batch.slots[row]]->is_anomalous()) {
      batch.anomalous[row] = 1;
    }
    if (judgements() != nullptr && !std::isnan(batch.metrics[metric.index][row])) {
      Report(row, metric, verdict);
    }
    if (verdict.raised != kNumChannels) Raise(batch, row, metric, verdict, out);
  }
  for (size_t i = first; i < out->size(); ++i) FillMetricShares(batch.slots[row], &(*out)[i]);
}

bool AutoDetector::JudgeValue(const KeyedBatch& batch, uint32_t row, Metric* metric,
                              Verdict* verdict) {
  const double x = batch.metrics[metric->index][row];
  const uint32_t slot = batch.slots[row];
  auto& model = metric->models[slot];
  const int64_t time_us = batch.event_time_us[row];
  if (resets() != nullptr && model != nullptr &&
      resets()->Between(slot, metric->index, model->last_us(), time_us)) {
    model->Unmute();
  }
  if (std::isnan(x)) {
    if (model == nullptr) return false;
    if (maintenance() != nullptr && maintenance()->Covers(slot, metric->index, time_us)) {
      return false;
    }
    model->Miss(time_us, ExcusedUs(slot, metric->index, *model, time_us), settings_, verdict);
    return true;
  }
  if (!std::isfinite(x)) return false;
  Reading reading{time_us, x, FleetBucketOf(batch.fleet_time_us[row])};
  if (model != nullptr) reading.excused_us = ExcusedUs(slot, metric->index, *model, time_us);
  if (!IsLearnable(x)) {
    if (model == nullptr) return false;
    model->Reject(reading, settings_, verdict);
    return true;
  }
  if (model == nullptr) [[unlikely]] {
    model = std::make_unique<SeriesModel>();
    if (!lean_) metric->novelty[slot] = std::make_unique<Novelty>();
    ++metric->num_models;
  }
  Novelty* novelty = lean_ ? nullptr : metric->novelty[slot].get();
  model->Update(reading, settings_, metric->fleets[GroupOf(slot)], novelty, verdict);
  return true;
}

// Maintenance explains a silence that would be too long without it.
int64_t AutoDetector::ExcusedUs(uint32_t slot, uint16_t metric, const SeriesModel& model,
                                int64_t time_us) const {
  if (maintenance() == nullptr || time_us < model.due_us()) return 0;
  return maintenance()->Delay(slot, metric, model.last_us(), model.due_us());
}

void AutoDetector::Report(uint32_t row, const Metric& metric, const Verdict& verdict) {
  const bool raised = verdict.raised != kNumChannels;
  const float score = HighestOf(verdict.scores);
  // A score above 1 that raises nothing belongs to an anomaly that lasts, or to a muted channel.
  judgements()->push_back({.row = row,
                           .metric = metric.index,
                           .expected = Finite(verdict.expected),
                           .lower = Finite(verdict.lower),
                           .upper = Finite(verdict.upper),
                           .score = static_cast<double>(raised ? verdict.scores[verdict.raised]
                                                               : std::min(score, 1.0F)),
                           .severity = static_cast<double>(verdict.severity),
                           .type = raised ? verdict.type() : std::string_view()});
}

void AutoDetector::Raise(const KeyedBatch& batch, uint32_t row, const Metric& metric,
                         const Verdict& verdict, AnomalySink* out) const {
  Anomaly& anomaly = out->emplace_back();
  anomaly.slot = batch.slots[row];
  // A value that is missing is in no row.
  if (verdict.raised == kMissing) {
    anomaly.revealed_by = row;
    anomaly.revealed_us = std::max(batch.fleet_time_us[row], batch.event_time_us[row]);
  } else {
    anomaly.row = row;
  }
  anomaly.metric = metric.index;
  anomaly.event_time_us = batch.event_time_us[row];
  anomaly.value = batch.metrics[metric.index][row];
  anomaly.expected = Finite(verdict.expected);
  anomaly.lower = Finite(verdict.lower);
  anomaly.upper = Finite(verdict.upper);
  const float score = verdict.scores[verdict.raised];
  anomaly.score = static_cast<double>(score);
  anomaly.severity = score >= kCriticalScore ? Severity::kCritical : Severity::kWarning;
  anomaly.reason = verdict.type();
  anomaly.known_us = metric.models[anomaly.slot]->known_us();
  FillSignals(verdict, &anomaly);
}

void AutoDetector::FillMetricShares(uint32_t slot, Anomaly* anomaly) const {
  if (anomaly->metric == kWholeDevice) return;
  float total = 0;
  for (const Metric& metric : metrics_) {
    if (slot >= metric.models.size() || metric.models[slot] == nullptr) continue;
    const float score = metric.models[slot]->last_score();
    total += score;
    AddShare({metric.index, "", score}, &anomaly->metrics);
  }
  Normalise(total, &anomaly->metrics);
}

void AutoDetector::Advance(int64_t fleet_time_us, AnomalySink* out) {
  silence_.Advance(fleet_time_us, maintenance(), out);
}

// A fleet in groups is exchanged as if each metric were two for each group: what devices are, and
// how far from each other they usually are.
void AutoDetector::CollectFleet(int64_t bucket, FleetSamples* samples) const {
  for (const Metric& metric : metrics_) {
    const size_t end = (metric.index + size_t{1}) * num_groups() * 2;
    if (samples->size() < end) samples->resize(end);
    for (uint32_t slot = 0; slot < metric.models.size(); ++slot) {
      const SeriesModel* model = metric.models[slot].get();
      float residual = 0;
      if (model == nullptr || !model->FleetSample(bucket, &residual)) continue;
      const size_t at = FleetIndex(metric, GroupOf(slot));
      (*samples)[at].push_back(residual);
      const float deviation = model->usually_apart();
      if (deviation > 0) (*samples)[at + 1].push_back(deviation);
    }
  }
}

void AutoDetector::LearnFleet(int64_t bucket, std::span<const FleetMedian> medians) {
  for (Metric& metric : metrics_) {
    metric.fleets.resize(num_groups());
    for (size_t group = 0; group < num_groups(); ++group) {
      const size_t at = FleetIndex(metric, group);
      if (at + 1 >= medians.size()) return;
      const FleetMedian& fleet = medians[at];
      if (fleet.devices == 0) continue;
      metric.fleets[group].Add({bucket, fleet.median, fleet.devices, medians[at + 1].median, 0});
    }
  }
}

std::string AutoDetector::Explain(const Anomaly& anomaly, std::string_view metric_label) const {
  return Sentence(anomaly, metric_label);
}

void AutoDetector::ListHeldBack(uint32_t slot, std::vector<HeldBack>* out) const {
  for (const Metric& metric : metrics_) {
    if (slot >= metric.models.size() || metric.models[slot] == nullptr) continue;
    metric.models[slot]->ListHeldBack(metric.index, out);
  }
}

size_t AutoDetector::StateBytes() const {
  size_t bytes = silence_.StateBytes();
  for (const Metric& metric : metrics_) {
    bytes += (metric.models.capacity() + metric.novelty.capacity()) * sizeof(void*);
    bytes += metric.num_models * layout() + metric.fleets.capacity() * sizeof(FleetView);
  }
  return bytes;
}

void AutoDetector::Save(StateWriter* out) const {
  SaveHeader(out, tag(), layout(), selected_);
  silence_.Save(out);
  for (const Metric& metric : metrics_) SaveMetric(metric, out);
}

void AutoDetector::SaveMetric(const Metric& metric, StateWriter* out) const {
  out->PutArray(std::span<const FleetView>(metric.fleets));
  std::vector<uint8_t> known;
  for (const auto& model : metric.models) known.push_back(model != nullptr ? 1 : 0);
  out->PutArray(std::span<const uint8_t>(known));
  for (size_t slot = 0; slot < known.size(); ++slot) {
    if (known[slot] == 0) continue;
    out->Put(*metric.models[slot]);
    if (!lean_) out->Put(*metric.novelty[slot]);
  }
}

Status AutoDetector::Load(StateReader* in) {
  AVOCET_ASSIGN_OR_RETURN(const size_t num_saved, LoadHeader(in, tag(), layout(), selected_));
  SilenceWatch silence;
  AVOCET_RETURN_IF_ERROR(silence.Load(in));
  std::vector<Metric> metrics(selected_.size());
  for (size_t i = 0; i < metrics.size(); ++i) {
    metrics[i].index = selected_[i];
    if (i < num_saved) AVOCET_RETURN_IF_ERROR(LoadMetric(in, &metrics[i]));
  }
  silence_ = std::move(silence);
  metrics_ = std::move(metrics);
  return Status::Ok();
}

Status AutoDetector::LoadMetric(StateReader* in, Metric* metric) const {
  AVOCET_RETURN_IF_ERROR(in->GetArray(&metric->fleets));
  const auto& fleets = metric->fleets;
  const bool fits = fleets.empty() || fleets.size() == num_groups();
  if (!fits || !std::all_of(fleets.begin(), fleets.end(),
                            [](const FleetView& fleet) { return fleet.IsPlausible(); })) {
    return StateDoesNotFit("the fleet");
  }
  std::vector<uint8_t> known;
  AVOCET_RETURN_IF_ERROR(in->GetArray(&known));
  metric->Grow(known.size(), lean_);
  for (size_t slot = 0; slot < known.size(); ++slot) {
    if (known[slot] == 0) continue;
    auto& model = metric->models[slot];
    model = std::make_unique<SeriesModel>();
    ++metric->num_models;
    AVOCET_RETURN_IF_ERROR(in->Get(model.get()));
    if (!model->IsPlausible()) return StateDoesNotFit("a series");
    if (lean_) continue;
    auto& novelty = metric->novelty[slot];
    novelty = std::make_unique<Novelty>();
    AVOCET_RETURN_IF_ERROR(in->Get(novelty.get()));
    if (!novelty->IsPlausible()) return StateDoesNotFit("a series");
  }
  return Status::Ok();
}

}  // namespace avocet::auto_detect
