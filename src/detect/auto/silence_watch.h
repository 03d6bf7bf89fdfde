// SilenceWatch: devices that have stopped reporting, by what is an ordinary pause for each.
#pragma once

#include <cstdint>

#include "src/detect/auto/pace.h"
#include "src/detect/deadline_index.h"
#include "src/detect/detector.h"
#include "src/detect/series_store.h"

namespace avocet::auto_detect {

class SilenceWatch {
 public:
  /// Makes slots [0, num_slots) usable.
  void Grow(size_t num_slots);

  /// A row that is not late. Raises the silence before it, if that was too long; time in
  /// `maintenance` does not count (null: there is none).
  void Report(const KeyedBatch& batch, uint32_t row, const MaintenanceCalendar* maintenance,
              AnomalySink* out);

  /// Raises silences that are too long at `fleet_time_us`.
  void Advance(int64_t fleet_time_us, const MaintenanceCalendar* maintenance, AnomalySink* out);

  size_t StateBytes() const { return clocks_.StateBytes() + deadlines_.Bytes(); }
  void Save(StateWriter* out) const { clocks_.Save(out); }
  Status Load(StateReader* in);

 private:
  // Raw bytes of a snapshot; zero-initialised has not reported.
  struct Clock {
    int64_t last_us = 0;
    int64_t fleet_deadline_us = 0;  // fleet time at which a silence shows without another reading
    Pace pace{};
    uint16_t armed = 0;  // 0: nothing is due until the next reading
    uint16_t seen = 0;

    /// Event time at which the silence is too long.
    int64_t DeadlineUs() const;
  };
  // The deadlines of a clock when time in maintenance does not count.
  struct Due {
    int64_t own_us = 0;
    int64_t fleet_us = 0;
  };
  static Due DueOf(const Clock& clock, uint32_t slot, const MaintenanceCalendar* maintenance);
  static void Raise(uint32_t slot, uint32_t revealed_by, int64_t due_us, int64_t revealed_us,
                    Clock* clock, AnomalySink* out);

  SeriesStore<Clock> clocks_{0};
  DeadlineIndex deadlines_;
};

}  // namespace avocet::auto_detect
