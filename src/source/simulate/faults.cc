#include "src/source/simulate/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/source/simulate/sim_random.h"

namespace avocet {
namespace {

__extension__ using Wide = __int128;

constexpr int64_t kUsualSliceUs = 12 * kMicrosPerHour;
constexpr int64_t kRampReadings = 6;

struct FaultTraits {
  std::string_view name;
  int64_t shortest_us, longest_us;
  int64_t deviations, amplitude_percent;  // size at severity 1: the larger of the two
  std::array<bool, kSimMetrics> metrics;
};

constexpr int64_t kMinute = kMicrosPerMinute, kHour = kMicrosPerHour;

// In the order of FaultKind. The length of a spike and dip is in readings, see DrawLength.
constexpr std::array<FaultTraits, 13> kTraits = {{
    {"spike", 0, 0, 12, 70, {true, true, true, true, true}},
    {"dip", 0, 0, 12, 70, {true, true, true, true, true}},
    {"stuck", 30 * kMinute, 3 * kHour, 0, 0, {true, true, false, false, true}},
    {"drift", 3 * kHour, 7 * kHour, 10, 80, {true, true, true, false, false}},
    {"level_shift", 1 * kHour, 4 * kHour, 6, 50, {true, true, true, true, true}},
    {"noise", 30 * kMinute, 3 * kHour, 5, 15, {true, true, true, true, false}},
    {"dropout", 5 * kMinute, 1 * kHour, 0, 0, {}},
    {"cross", 3 * kHour, 7 * kHour, 0, 0, {false, true, false, false, false}},
    {"rate",
     200 * kMicrosPerSecond,
     600 * kMicrosPerSecond,
     10,
     80,
     {true, true, true, true, true}},
    {"clip", 1 * kHour, 4 * kHour, 1, 5, {true, true, false, true, true}},
    {"decoupled", 3 * kHour, 7 * kHour, 0, 0, {true, true, false, false, false}},
    {"bias", 3 * kHour, 7 * kHour, 4, 25, {true, true, true, false, false}},
    {"intermittent", 30 * kMinute, 2 * kHour, 0, 0, {true, true, true, true, true}},
}};

const FaultTraits& TraitsOf(FaultKind kind) { return kTraits[static_cast<size_t>(kind)]; }

// Like DrawBetween, for any numbers of steps.
int64_t DrawLong(uint64_t draw, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(draw % static_cast<uint64_t>(high - low + 1));
}

SimMetric DrawMetric(FaultKind kind, uint64_t draw) {
  std::array<SimMetric, kSimMetrics> possible{};
  int64_t count = 0;
  for (size_t i = 0; i < kSimMetrics; ++i) {
    if (TraitsOf(kind).metrics[i]) possible[static_cast<size_t>(count++)] = SimMetric(i);
  }
  return count == 0 ? SimMetric::kTemperature
                    : possible[static_cast<size_t>(DrawBelow(draw, count))];
}

// Size of a fault in hundredths.
int64_t Magnitude(const PlannedFault& fault) {
  const FaultTraits& traits = TraitsOf(fault.kind);
  const SimScale scale = ScaleOf(fault.metric);
  const int64_t size =
      std::max(traits.deviations * scale.noise, traits.amplitude_percent * scale.amplitude / 100);
  return size * fault.severity_hundredths / 100;
}

}  // namespace

Result<FaultKind> ParseFaultKind(std::string_view name) {
  for (size_t i = 0; i < kTraits.size(); ++i) {
    if (kTraits[i].name == name) return FaultKind(i);
  }
  std::string known;
  for (const FaultTraits& traits : kTraits)
    known.append(known.empty() ? "" : ", ").append(traits.name);
  return Status::Config("unknown fault \"" + std::string(name) + "\"; known are " + known);
}

std::string_view FaultKindName(FaultKind kind) { return TraitsOf(kind).name; }

std::vector<std::string> FaultKindNames() {
  std::vector<std::string> names;
  for (const FaultTraits& traits : kTraits) names.emplace_back(traits.name);
  return names;
}

std::string FaultWindowJson(const FaultWindow& window) {
  JsonWriter json;
  json.BeginObject().Field("device_id", window.device_id).Key("metric");
  if (window.metric.empty()) {
    json.Null();
  } else {
    json.String(window.metric);
  }
  json.Field("fault", window.fault)
      .Field("start", FormatTimestamp(window.start_us))
      .Field("end", FormatTimestamp(window.end_us))
      .Field("severity", window.severity);
  return json.EndObject().Take();
}

FaultPlan::FaultPlan(std::vector<FaultKind> kinds, uint64_t key, int64_t devices, int64_t steps,
                     int64_t period_us)
    : kinds_(std::move(kinds)), key_(key), devices_(devices), period_us_(period_us) {
  slice_steps_ = std::max<int64_t>(1, kUsualSliceUs / period_us_);
  if (steps == 0 || kinds_.empty()) return;
  const auto wanted = static_cast<int64_t>(kinds_.size());
  slices_ = std::max<int64_t>(1, (steps + slice_steps_ / 2) / slice_steps_);
  if (slices_ * devices_ < wanted) slices_ = (wanted + devices_ - 1) / devices_;
  const int64_t usual = devices_ * steps / slice_steps_;
  slice_steps_ = std::max<int64_t>(1, steps / slices_);
  faults_ = std::min(std::max(wanted, usual), slices_ * devices_);
}

int64_t FaultPlan::SliceOf(int64_t step) const {
  const int64_t slice = step / slice_steps_;
  return slices_ == 0 ? slice : std::min(slice, slices_ - 1);
}

// Spreads the faults evenly over all devices and slices.
std::optional<int64_t> FaultPlan::FaultNumber(int64_t device, int64_t slice) const {
  const int64_t rotated = (device + DrawBelow(Draw(key_, 0), devices_)) % devices_;
  const int64_t slot = slice * devices_ + rotated;
  if (faults_ == 0) return slot;
  const int64_t slots = slices_ * devices_;
  const auto before = [&](int64_t count) {
    return static_cast<int64_t>(Wide{count} * faults_ / slots);
  };
  const int64_t number = before(slot);
  if (before(slot + 1) == number) return std::nullopt;
  return number;
}

int64_t FaultPlan::DrawLength(FaultKind kind, uint64_t draw) const {
  if (kind == FaultKind::kSpike || kind == FaultKind::kDip) return DrawBetween(draw, 1, 3);
  const FaultTraits& traits = TraitsOf(kind);
  const int64_t shortest = std::max<int64_t>(3, traits.shortest_us / period_us_);
  const int64_t longest = std::max(shortest, traits.longest_us / period_us_);
  return DrawLong(draw, shortest, longest);
}

std::optional<PlannedFault> FaultPlan::Find(int64_t device, int64_t slice) const {
  if (kinds_.empty() || slice < 0 || (slices_ > 0 && slice >= slices_)) return std::nullopt;
  const std::optional<int64_t> number = FaultNumber(device, slice);
  if (!number.has_value()) return std::nullopt;
  // Each run of as many faults as there are kinds has every kind once.
  const auto kinds = static_cast<int64_t>(kinds_.size());
  const auto run = static_cast<uint64_t>(*number / kinds);
  const int64_t turn = DrawBelow(Draw(SubKey(key_, 1), run), kinds);
  const uint64_t key = SubKey(SubKey(key_, 2), static_cast<uint64_t>(*number));
  PlannedFault fault;
  fault.kind = kinds_[static_cast<size_t>((*number + turn) % kinds)];
  fault.metric = DrawMetric(fault.kind, Draw(key, 0));
  fault.severity_hundredths = static_cast<int32_t>(DrawBetween(Draw(key, 1), 100, 200));
  fault.sign = (Draw(key, 2) & 1U) == 0 ? 1 : -1;
  // The beginning of the first slice is for learning what is ordinary.
  const int64_t earliest = slice == 0 ? slice_steps_ * 3 / 10 : slice_steps_ / 50;
  const int64_t room = std::max<int64_t>(1, slice_steps_ * 95 / 100 - earliest);
  const int64_t length = std::min(DrawLength(fault.kind, Draw(key, 3)), room);
  fault.first = slice * slice_steps_ + DrawLong(Draw(key, 4), earliest, earliest + room - length);
  fault.last = fault.first + length - 1;
  return fault;
}

void ApplyFault(const PlannedFault& fault, int64_t step, const SimValues& clean_at_first,
                uint64_t noise_draw, SimValues* values) {
  const auto which = static_cast<size_t>(fault.metric);
  int32_t& value = (*values)[which];
  const int64_t size = Magnitude(fault);
  const auto add = [&](int64_t amount) { value += static_cast<int32_t>(amount); };
  switch (fault.kind) {
    case FaultKind::kSpike:
      return add(size);
    case FaultKind::kDip:
      return add(-size);
    case FaultKind::kStuck:
      value = clean_at_first[which];
      return;
    case FaultKind::kDrift:
      return add(fault.sign * size * (step - fault.first + 1) / (fault.last - fault.first + 1));
    case FaultKind::kLevelShift:
      return add(fault.sign * size);
    case FaultKind::kNoise:
      return add(DrawNormal(noise_draw) * size / kNormalUnit);
    case FaultKind::kCross:
      value = std::clamp(2 * clean_at_first[which] - value, 1500, 6500);
      return;
    case FaultKind::kRate: {
      const int64_t from_end = std::min(step - fault.first, fault.last - step) + 1;
      return add(fault.sign * size * std::min<int64_t>(from_end, kRampReadings) / kRampReadings);
    }
    case FaultKind::kClip: {
      // The more severe, the narrower.
      const int64_t ordinary = size * 100 / fault.severity_hundredths;
      const int64_t width = ordinary * 100 / fault.severity_hundredths;
      value = static_cast<int32_t>(
          std::clamp<int64_t>(value, clean_at_first[which] - width, clean_at_first[which] + width));
      return;
    }
    case FaultKind::kDecoupled:
      value = std::clamp(2 * clean_at_first[which] - value, 1000, 6500);
      return;
    case FaultKind::kBias: {
      const int64_t onset = std::max<int64_t>(1, (fault.last - fault.first + 1) / 4);
      return add(fault.sign * size * std::min(step - fault.first + 1, onset) / onset);
    }
    case FaultKind::kIntermittent:
      if (noise_draw % 8 == 0) value = 0;
      return;
    case FaultKind::kDropout:
      return;
  }
}

}  // namespace avocet
