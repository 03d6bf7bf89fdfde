// LiveObserver: sees what the ticks of a running engine did, for live views. It cannot change what
// they do, and what it takes is time that records wait.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "src/alert/alert_change.h"
#include "src/detect/detector.h"
#include "src/engine/piece.h"
#include "src/model/column_batch.h"
#include "src/state/device_table.h"

namespace avocet {

/// What an observer may see of a shard's state.
struct ShardView {
  const DeviceTable& devices;
  std::span<const std::unique_ptr<Detector>> detectors;
};

class LiveObserver {
 public:
  virtual ~LiveObserver() = default;

  /// A shard has judged its rows (index `shard` of their shard_rows) of a tick; with no pieces, it
  /// tells which devices there are. Called for several shards at the same time. The arguments live
  /// for the call only.
  virtual void OnReadings(size_t shard, std::span<Piece* const> pieces, const ShardView& view,
                          std::span<const std::string> metrics) = 0;

  /// Rows for the table of anomalies, in its order. After OnReadings of the tick, by one thread.
  virtual void OnAnomalies(const ColumnBatch& anomalies) = 0;

  /// Alerts that have changed in the tick, in order of event time. By the same thread.
  virtual void OnAlerts(std::span<const AlertChange> changes) = 0;
};

}  // namespace avocet
