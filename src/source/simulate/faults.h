// Faults of simulated devices: when they happen, and what they do to the readings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/source/simulate/sim_signal.h"

namespace avocet {

enum class FaultKind : uint8_t {
  kSpike,         ///< one to three readings far above
  kDip,           ///< one to three readings far below
  kStuck,         ///< the same value again and again
  kDrift,         ///< moves away slowly, and is repaired
  kLevelShift,    ///< all readings off by the same amount
  kNoise,         ///< much noisier than usual
  kDropout,       ///< no readings of the device
  kCross,         ///< humidity moves with temperature, not against it, within its range
  kRate,          ///< moves away within six readings, holds, and comes back as quickly
  kClip,          ///< stays within a narrow band around the value at its beginning
  kDecoupled,     ///< mirrored: falls where it should rise, within its range
  kBias,          ///< slowly comes to read too much or too little, less than anybody would notice
  kIntermittent,  ///< every eighth reading or so is 0
};

Result<FaultKind> ParseFaultKind(std::string_view name);
std::string_view FaultKindName(FaultKind kind);
/// All of them, in the order of FaultKind.
std::vector<std::string> FaultKindNames();

/// One fault, in steps of the simulation. `first` to `last`, both affected.
struct PlannedFault {
  FaultKind kind = FaultKind::kSpike;
  SimMetric metric = SimMetric::kTemperature;  ///< meaningless for kDropout
  int64_t first = 0;
  int64_t last = 0;
  int32_t severity_hundredths = 100;  ///< 1.00 to 2.00
  int32_t sign = 1;

  bool Covers(int64_t step) const { return step >= first && step <= last; }
};

/// One line of the truth file: {"device_id":"dev-0001","metric":"temperature","fault":"spike",
/// "start":"2021-06-15T18:28:26.000Z","end":"...","severity":1.25}; the metric of a dropout is
/// null.
struct FaultWindow {
  std::string device_id;
  std::string metric;  ///< empty for a dropout
  std::string fault;
  int64_t start_us = 0;  ///< event time of the first affected reading
  int64_t end_us = 0;    ///< of the last one
  double severity = 1;
};
std::string FaultWindowJson(const FaultWindow& window);

/// Decides for each device and slice of time whether there is a fault, and which. A pure function
/// of the seed. A fault lies within its slice, so faults of a device do not overlap.
class FaultPlan {
 public:
  /// `steps`: of the whole simulation, 0: endless. On average one fault per device and 12 hours of
  /// event time, but at least one of each of `kinds` in all where there is a slot for it.
  FaultPlan(std::vector<FaultKind> kinds, uint64_t key, int64_t devices, int64_t steps,
            int64_t period_us);

  int64_t slice_steps() const { return slice_steps_; }
  int64_t SliceOf(int64_t step) const;
  std::optional<PlannedFault> Find(int64_t device, int64_t slice) const;

 private:
  std::optional<int64_t> FaultNumber(int64_t device, int64_t slice) const;
  int64_t DrawLength(FaultKind kind, uint64_t draw) const;

  std::vector<FaultKind> kinds_;
  uint64_t key_;
  int64_t devices_;
  int64_t period_us_;
  int64_t slice_steps_ = 1;
  int64_t slices_ = 0;  // 0: endless
  int64_t faults_ = 0;  // in all slices; 0: one in each
};

/// Applies a fault to the values of `step`. `clean_at_first`: the device's clean values at the
/// fault's first step. `noise_draw`: a random number of this device and step. Not for kDropout.
void ApplyFault(const PlannedFault& fault, int64_t step, const SimValues& clean_at_first,
                uint64_t noise_draw, SimValues* values);

}  // namespace avocet
