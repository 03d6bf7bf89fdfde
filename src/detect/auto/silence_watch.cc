#include "src/detect/auto/silence_watch.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "src/detect/auto/channel.h"
#include "src/detect/maintenance_calendar.h"
#include "src/detect/reporting_clock.h"

namespace avocet::auto_detect {
namespace {

constexpr uint32_t kArmedAfter = 30;  // spacings: what an ordinary pause is must be known
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

int64_t PatienceUs(const Pace& pace) {
  return static_cast<int64_t>(std::min(pace.Patience() * 1e6, 4e18));
}

}  // namespace

int64_t SilenceWatch::Clock::DeadlineUs() const { return SaturatingAdd(last_us, PatienceUs(pace)); }

void SilenceWatch::Grow(size_t num_slots) {
  if (num_slots <= clocks_.num_slots()) return;
  clocks_.Grow(num_slots);
  deadlines_.Grow(num_slots);
}

void SilenceWatch::Report(const KeyedBatch& batch, uint32_t row,
                          const MaintenanceCalendar* maintenance, AnomalySink* out) {
  const uint32_t slot = batch.slots[row];
  const int64_t time_us = batch.event_time_us[row];
  const int64_t fleet_time_us = batch.fleet_time_us[row];
  Clock& clock = clocks_.state(slot);
  bool excused = false;  // maintenance explains the silence, which then teaches nothing
  if (clock.armed != 0 &&
      (clock.fleet_deadline_us <= fleet_time_us || clock.DeadlineUs() <= time_us)) {
    const Due due = DueOf(clock, slot, maintenance);
    excused = due.fleet_us > fleet_time_us && due.own_us > time_us;
    if (!excused) {
      const int64_t now_us = std::max(fleet_time_us, time_us);
      Raise(slot, row, due.own_us, std::min(due.fleet_us, now_us), &clock, out);
    }
  }
  const int64_t spacing_us = clock.seen == 0 ? 0 : SaturatingSubtract(time_us, clock.last_us);
  if (spacing_us > 0 && !excused) clock.pace.Update(static_cast<double>(spacing_us) * 1e-6);
  clock.seen = 1;
  clock.last_us = time_us;
  clock.armed = clock.pace.count() >= kArmedAfter ? 1 : 0;
  if (clock.armed == 0) return;
  const auto period_us = static_cast<int64_t>(clock.pace.period_s() * 1e6F);
  // A device that lags behind the fleet is given the same patience by the fleet's clock.
  const bool behind = SaturatingSubtract(fleet_time_us, time_us) > period_us;
  clock.fleet_deadline_us = SaturatingAdd(behind ? fleet_time_us : time_us, PatienceUs(clock.pace));
  deadlines_.Lower(slot, clock.fleet_deadline_us);
}

void SilenceWatch::Advance(int64_t fleet_time_us, const MaintenanceCalendar* maintenance,
                           AnomalySink* out) {
  deadlines_.Advance(fleet_time_us, clocks_.num_slots(), [&](size_t slot) {
    const auto device = static_cast<uint32_t>(slot);
    Clock& clock = clocks_.state(device);
    if (clock.armed == 0) return kNever;
    if (clock.fleet_deadline_us > fleet_time_us) return clock.fleet_deadline_us;
    const Due due = DueOf(clock, device, maintenance);
    if (due.fleet_us > fleet_time_us) return due.fleet_us;
    Raise(device, kNoRow, due.own_us, due.fleet_us, &clock, out);
    return kNever;
  });
}

SilenceWatch::Due SilenceWatch::DueOf(const Clock& clock, uint32_t slot,
                                      const MaintenanceCalendar* maintenance) {
  const int64_t deadline_us = clock.DeadlineUs();
  const int64_t delay_us = maintenance == nullptr
                               ? 0
                               : maintenance->Delay(slot, kWholeDevice, clock.last_us, deadline_us);
  return {SaturatingAdd(deadline_us, delay_us), SaturatingAdd(clock.fleet_deadline_us, delay_us)};
}

void SilenceWatch::Raise(uint32_t slot, uint32_t revealed_by, int64_t due_us, int64_t revealed_us,
                         Clock* clock, AnomalySink* out) {
  Anomaly anomaly;
  anomaly.slot = slot;
  anomaly.severity = Severity::kWarning;
  anomaly.event_time_us = due_us;
  anomaly.value = anomaly.expected = anomaly.lower = anomaly.upper = kNone;
  anomaly.score = 1;
  anomaly.reason = ChannelName(kMissing);
  anomaly.revealed_by = revealed_by;
  anomaly.revealed_us = revealed_us;
  out->push_back(anomaly);
  clock->armed = 0;
}

Status SilenceWatch::Load(StateReader* in) {
  SilenceWatch loaded;
  AVOCET_RETURN_IF_ERROR(loaded.clocks_.Load(in, [](const Clock& clock, const double*) {
    return clock.armed <= 1 && clock.pace.IsPlausible();
  }));
  const size_t num_slots = loaded.clocks_.num_slots();
  loaded.deadlines_.Grow(num_slots);
  for (size_t slot = 0; slot < num_slots; ++slot) {
    const Clock& clock = loaded.clocks_.state(static_cast<uint32_t>(slot));
    if (clock.armed != 0) loaded.deadlines_.Lower(slot, clock.fleet_deadline_us);
  }
  *this = std::move(loaded);
  return Status::Ok();
}

}  // namespace avocet::auto_detect
