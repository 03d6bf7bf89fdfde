// SpikeAlert: the alert about unusually many anomalies, of one device or of the fleet.
#pragma once

#include <vector>

#include "src/alert/alert_episode.h"
#include "src/alert/spike_count.h"

namespace avocet {

class SpikeAlert {
 public:
  /// One anomaly at `time_us`. Times come in order.
  void OnAnomaly(const AlertRuleConfig& rule, const AlertEpisode::Subject& subject, int64_t time_us,
                 std::vector<AlertChange>* out);
  /// Time passes.
  void OnTime(const AlertRuleConfig& rule, const AlertEpisode::Subject& subject, int64_t time_us,
              std::vector<AlertChange>* out);

  /// Whether time alone can change something.
  bool IsActive() const { return count_.count() > 0 || episode_.state() != AlertState::kIdle; }

  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  void Observe(const AlertRuleConfig& rule, const AlertEpisode::Subject& subject, int64_t time_us,
               std::vector<AlertChange>* out);

  SpikeCount count_;
  AlertEpisode episode_;
};

}  // namespace avocet
