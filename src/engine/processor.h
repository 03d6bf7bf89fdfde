// Processor: the pure function from records to results, over all shards.
//
// Decodes batches, lets schemas evolve, runs the shards in parallel and appends their results to an
// epoch. Live ingest, recovery, rebuild and backtests all go through here. One thread drives it.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/alert/alert_gates.h"
#include "src/alert/fleet_alerts.h"
#include "src/base/thread_pool.h"
#include "src/config/config.h"
#include "src/decode/decoder.h"
#include "src/engine/epoch.h"
#include "src/engine/live_observer.h"
#include "src/engine/piece.h"
#include "src/engine/shard.h"
#include "src/engine/snapshot.h"
#include "src/engine/stage_clock.h"
#include "src/engine/table_layout.h"
#include "src/model/raw_batch.h"
#include "src/state/series_resets.h"

namespace avocet {

/// Sees what the shards made of each tick, while its pieces still hold the readings.
class TickObserver {
 public:
  virtual ~TickObserver() = default;
  /// Ticks come in order. `metrics`: the names of the metrics that the pieces have.
  virtual void OnTick(std::span<Piece* const> pieces, std::span<const std::string> metrics,
                      std::span<const std::unique_ptr<Shard>> shards) = 0;
};

/// Told of alerts in the tick in which they change, in order of event time.
using AlertSink = std::function<void(std::span<const AlertChange>)>;

/// A `now_us` for which no reading is in the future: for records of bronze, which were judged when
/// they arrived, and of files.
inline constexpr int64_t kNoFuture = std::numeric_limits<int64_t>::max() / 2;

/// What people decide that changes what the engine makes of readings.
struct Decisions {
  std::vector<AlertGate> gates;     ///< anomalies that do not pass do not count for alerts
  std::vector<SeriesReset> resets;  ///< of what detectors had muted
};

/// Threads that process readings.
size_t NumThreads(const Config& config);

class Processor {
 public:
  /// `config`, `layout` and `clock`, which is told the time of each stage, must outlive the
  /// processor.
  Processor(const Config& config, const TableLayout& layout, size_t num_threads, StageClock* clock);

  /// Judges every reading for `observer`, which is told of all ticks from now on and must outlive
  /// the processor.
  void ObserveWith(TickObserver* observer);

  /// One tick: decodes and processes `batches` in order and appends the results to `epoch`.
  /// `replayed`: the records come from bronze. kInvalid when a rule with action fail was broken;
  /// the epoch must then be thrown away. `fleet_times_us`: of a part of a fleet, see below.
  Status Process(const std::vector<RawBatch>& batches, int64_t now_us, bool replayed, Epoch* epoch,
                 std::span<const int64_t> fleet_times_us = {});

  /// Is told of every tick that is not replayed, and at once of the devices that there are. Null:
  /// nobody. Borrowed.
  void set_live_observer(LiveObserver* observer);

  // A part of a fleet: some of its devices, the others being processed elsewhere. Whoever feeds the
  // parts knows the fleet's clock, and tells Process where it stood before each record (an entry
  // for every record of all batches, whose offsets within a batch differ). Where it leaves a bucket
  // (see src/detect/fleet.h) the feeder ends the tick with the record that moves it, calls
  // AdvanceFleet on all parts, and hands the medians of all samples to each. Rules about spikes of
  // the whole fleet are not followed.

  void set_is_part_of_fleet() { is_part_ = true; }
  /// The fleet's clock has come to `fleet_time_us`, without a record here.
  Status AdvanceFleet(int64_t fleet_time_us, bool replayed, Epoch* epoch);
  /// [detector that compares fleets]: what the devices here were like in `bucket`, which is closed.
  std::vector<FleetSamples> CollectFleet(int64_t bucket);
  /// [detector that compares fleets]: what the whole fleet was like.
  void LearnFleet(int64_t bucket, std::span<const std::vector<FleetMedian>> medians);

  /// The stream ends: rows of open hours go into `epoch`.
  void FlushHours(Epoch* epoch);

  /// Who is told of alerts; nobody at first. Of those of replayed records only with
  /// `takes_replayed`.
  void set_alert_sink(AlertSink sink, bool takes_replayed = false) {
    alert_sink_ = std::move(sink);
    sink_takes_replayed_ = takes_replayed;
  }
  /// What people have decided counts from the next tick on.
  void set_decisions(const Decisions& decisions);

  const std::vector<std::string>& metrics() const { return metrics_; }
  const Totals& totals() const { return totals_; }
  void set_totals(const Totals& totals) { totals_ = totals; }
  int64_t next_sequence() const { return next_sequence_; }
  void set_next_sequence(int64_t sequence) { next_sequence_ = sequence; }
  int64_t fleet_time_us() const { return fleet_time_us_; }

  size_t num_devices() const;
  size_t StateBytes() const;
  const std::array<uint64_t, kNumQualityRules>& violations() const { return violations_; }
  /// Records of bronze that the present configuration cannot decode: in no other table.
  uint64_t replay_rejects() const { return replay_rejects_; }

  /// State of every shard and of the fleet. Holds one of them at a time beside the state itself.
  Status SaveState(const SnapshotHeader& header, SnapshotWriter* out);
  /// The inverse. After an error the state is as it was.
  Status LoadState(const SnapshotReader& snapshot);

  int64_t OldestOpenHour() const;
  void MarkHourWritten(std::string_view device, std::string_view metric, int64_t hour_us,
                       uint32_t count, uint32_t anomalies, uint32_t late);
  void MarkHealthWritten(std::string_view device, int64_t hour_us, int64_t until_us,
                         uint32_t readings, uint32_t anomalies);

 private:
  struct Job {
    const RawBatch* batch;
    size_t begin, end;
    size_t place;  // of its first record among those of all batches
  };
  void CutJobs(const std::vector<RawBatch>& batches);
  /// Decodes the jobs from `first_job` on; they are the tick.
  void Decode(size_t first_job, int64_t now_us);
  void DecodeJob(const Job& job, int64_t now_us, Decoder* decoder, Piece* piece) const;
  void FindDevices(Piece* piece) const;
  /// Ends the tick before the first record that brings new metrics, and returns the job that begins
  /// with it; that job and later ones must be decoded again.
  size_t CutWhereMetricsAppear(size_t first_job, int64_t now_us,
                               std::vector<std::string>* new_metrics);
  void AddMetrics(const std::vector<std::string>& names, Epoch* epoch);
  void RunShards(bool replayed);
  /// Processes the tick up to where the fleet's clock leaves each bucket, and lets detectors
  /// compare the fleet there.
  void RunFleetBuckets();
  void TellShardsOfDecisions();
  /// Whether the tick, or what came before, has devices enough for a fleet.
  bool MayHaveFleet() const;
  void ProcessUntil(Place end, int64_t fleet_time_us);
  void CompareFleet(int64_t bucket);
  /// The places of the detectors that compare fleets.
  std::vector<size_t> FleetDetectors() const;
  /// The instances of a detector in all shards.
  std::vector<Detector*> Instances(size_t detector) const;
  Status Collect(int64_t now_us, bool replayed, Epoch* epoch);
  void CollectAlerts(bool replayed, Epoch* epoch);
  void Count(bool replayed);

  const Config* config_;
  const TableLayout* layout_;
  StageClock* clock_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<Decoder>> decoders_;  // one per thread, taken by index of a job
  std::vector<std::unique_ptr<Shard>> shards_;
  FleetAlerts fleet_alerts_;
  AlertSink alert_sink_;
  bool sink_takes_replayed_ = false;
  AlertGates alert_gates_;
  std::vector<SeriesReset> resets_;
  std::vector<std::string> metrics_;
  bool is_part_ = false;
  std::span<const int64_t> fleet_times_us_;  // of the records of the present call; may be empty
  std::vector<Job> jobs_;
  std::vector<std::unique_ptr<Piece>> pieces_;  // of the present tick, reused
  std::vector<Piece*> tick_;
  TickObserver* observer_ = nullptr;
  LiveObserver* live_observer_ = nullptr;
  Totals totals_;
  std::array<uint64_t, kNumQualityRules> violations_{};
  uint64_t replay_rejects_ = 0;
  int64_t next_sequence_ = 0;
  int64_t fleet_time_us_ = kNoTime;
};

}  // namespace avocet
