// Detector: judges readings against what it knows of their series. Implementations are listed in
// src/engine/builtin_detectors.cc; a new one is a new file pair and one row there.
//
// State lives in flat arrays, one slot per device (of one shard) and metric. One instance belongs
// to one shard and is used by one thread at a time. Results depend only on the order of each
// device's readings (and on fleet_time for clocks), never on how they are cut into batches.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/config/detector_spec.h"
#include "src/detect/fleet.h"
#include "src/state/state_io.h"

namespace avocet {

/// One shard's readings of one tick, in arrival order. All spans have `rows` entries.
struct KeyedBatch {
  size_t rows = 0;
  std::span<const uint32_t> slots;  ///< device slot within the shard
  std::span<const int64_t> event_time_us;
  std::span<const uint8_t> late;  ///< 1: detectors must skip the row
  /// Newest event time of any device of the whole fleet before this reading arrived.
  std::span<const int64_t> fleet_time_us;
  /// [metric][row]: valid values; kNullValue (NaN) where absent, null or invalid.
  std::vector<std::span<const double>> metrics;
  size_t num_slots = 0;  ///< slots in use after this batch
  /// Out: 1 where a reading is part of an anomaly that was raised before. May be empty.
  std::span<uint8_t> anomalous = {};
};

enum class Severity : uint8_t { kInfo = 0, kWarning = 1, kCritical = 2 };
std::string_view SeverityName(Severity severity);

inline constexpr uint32_t kNoRow = UINT32_MAX;
inline constexpr uint16_t kWholeDevice = UINT16_MAX;

/// A part of the evidence for an anomaly.
struct Contribution {
  uint16_t metric = kWholeDevice;  ///< a metric of the device; kWholeDevice: a signal
  std::string_view signal;         ///< static word; what was seen, of signals only
  float share = 0;                 ///< 0 to 1; 0: no contribution
};

struct Anomaly {
  uint32_t slot = 0;
  uint32_t row = kNoRow;           ///< row of the batch, kNoRow for a missing reading
  uint16_t metric = kWholeDevice;  ///< metric index
  Severity severity = Severity::kWarning;
  int64_t event_time_us = 0;
  double value = 0;                           ///< NaN: none
  double expected = 0, lower = 0, upper = 0;  ///< NaN: unknown
  double score = 0;                           ///< calibrated: 1.0 = fires
  std::string_view reason;  ///< static word: the type, for example "above_mean", "spike"
  int64_t known_us = 0;     ///< how long the series had been watched; 0: not told
  std::array<Contribution, 4> metrics{};  ///< largest share first
  std::array<Contribution, 4> signals{};  ///< largest share first
  // Of a missing reading: the row of the batch that reveals it, kNoRow when time alone does, and
  // the fleet's time at which it shows.
  uint32_t revealed_by = kNoRow;
  int64_t revealed_us = 0;
};

/// Receives anomalies; appends only.
using AnomalySink = std::vector<Anomaly>;

/// What a detector makes of one reading, flagged or not.
struct Judgement {
  uint32_t row = 0;
  uint16_t metric = 0;
  double expected = 0, lower = 0, upper = 0;  ///< NaN: unknown
  double score = 0;       ///< calibrated as that of an anomaly; 0 while nothing is known
  double severity = 0;    ///< for ranking readings of all kinds; grows with how unusual they are
  std::string_view type;  ///< static word as `reason` of an anomaly; empty: ordinary
};

/// Receives judgements; appends only.
using JudgementSink = std::vector<Judgement>;

/// What a detector does not say of a series.
struct HeldBack {
  uint16_t metric = 0;
  std::string_view type;  ///< static word: what it said too often; empty: anything, it still learns

  friend bool operator==(const HeldBack&, const HeldBack&) = default;
};

class MaintenanceCalendar;
class PeerGroups;
class SeriesResets;

class Detector {
 public:
  virtual ~Detector() = default;

  /// Judges the rows of its metrics, then learns from them. Skips late rows and nulls.
  virtual void Process(const KeyedBatch& batch, AnomalySink* out) = 0;

  /// From now on Process also appends what it makes of every reading that it judges; null: no
  /// longer. Changes no anomaly and no state, and costs nothing while off. Detectors of absence
  /// have nothing to say of readings.
  void ObserveWith(JudgementSink* sink) { judgements_ = sink; }

  /// From now on time in maintenance is no silence. Borrowed; null, as at first: there is none.
  /// Values of readings in maintenance do not come here at all.
  void set_maintenance(MaintenanceCalendar* maintenance) { maintenance_ = maintenance; }

  /// From now on devices are compared with those of their group only. Borrowed; null, as at first:
  /// the whole fleet is one group. Before the first reading, and before Load.
  void set_peers(const PeerGroups* peers) { peers_ = peers; }

  /// From now on what was muted is said again where they say so. Borrowed; null, as at first: there
  /// are none.
  void set_resets(const SeriesResets* resets) { resets_ = resets; }

  /// Called at the end of every tick with the fleet's newest event time: for detectors that react
  /// to absence. Must raise exactly what the device's next reading would have raised first.
  virtual void Advance(int64_t fleet_time_us, AnomalySink* out) {
    static_cast<void>(fleet_time_us);
    static_cast<void>(out);
  }

  /// Whether the detector compares devices with their fleet: see src/detect/fleet.h.
  virtual bool ComparesFleet() const { return false; }
  /// Appends what its devices were like in `bucket`, which is closed.
  virtual void CollectFleet(int64_t bucket, FleetSamples* samples) const {
    static_cast<void>(bucket);
    static_cast<void>(samples);
  }
  /// What the fleet was like in `bucket`; [metric], metrics may be missing at the end.
  virtual void LearnFleet(int64_t bucket, std::span<const FleetMedian> medians) {
    static_cast<void>(bucket);
    static_cast<void>(medians);
  }

  /// More metrics exist (schema evolution). Indexes of known metrics do not change.
  virtual void SetMetrics(std::span<const std::string> names) = 0;

  /// One sentence for people: `metric_label` is for example "temperature (degC)".
  virtual std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const = 0;

  /// Appends what is held back of a device's series. Nothing: it says all that it sees.
  virtual void ListHeldBack(uint32_t slot, std::vector<HeldBack>* out) const {
    static_cast<void>(slot);
    static_cast<void>(out);
  }

  virtual size_t StateBytes() const = 0;
  virtual void Save(StateWriter* out) const = 0;
  virtual Status Load(StateReader* in) = 0;  ///< kCorrupt when the bytes do not fit

 protected:
  JudgementSink* judgements() const { return judgements_; }  ///< null: nobody asks
  MaintenanceCalendar* maintenance() const { return maintenance_; }
  const PeerGroups* peers() const { return peers_; }      ///< null: one group
  const SeriesResets* resets() const { return resets_; }  ///< null: none

 private:
  JudgementSink* judgements_ = nullptr;
  MaintenanceCalendar* maintenance_ = nullptr;
  const PeerGroups* peers_ = nullptr;
  const SeriesResets* resets_ = nullptr;
};

struct DetectorType {
  DetectorSpec spec;
  /// `metrics`: all metric names so far; config.metrics selects from them (empty: all).
  std::unique_ptr<Detector> (*make)(const DetectorConfig& config,
                                    std::span<const std::string> metrics);
};

/// Indexes of the metrics that `config` selects among `names`, ascending: metrics that appear later
/// are appended. Configured names that do not exist yet are left out.
std::vector<uint16_t> SelectMetrics(const DetectorConfig& config,
                                    std::span<const std::string> names);

}  // namespace avocet
