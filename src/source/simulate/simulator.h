// Simulator: readings of a fleet of devices, with known faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/source/simulate/faults.h"
#include "src/source/simulate/sim_signal.h"

namespace avocet {

/// A pure function of the configuration and the start time: the same bytes on every machine. All
/// devices of one step come first, then the next step. Owned by one thread.
///
///   {"device_id":"dev-0001","timestamp":"2021-06-15T18:28:26.000Z","temperature":37.94,
///    "humidity":28.94,"air_quality":75,"light":644,"loudness":106}
class Simulator {
 public:
  /// No record is longer than this.
  static constexpr size_t kMostRecordBytes = 384;

  /// kConfig for numbers that make no sense and unknown faults.
  static Status Check(const SimulateSourceConfig& config);

  /// `start_us`: event time of the first step. REQUIRES: Check(config) is Ok.
  Simulator(const SimulateSourceConfig& config, int64_t start_us);

  /// Appends the next record and a line end. False: the duration is over.
  bool Next(std::string* line_appended);
  /// Writes the next record, without a line end, to `out`, which has room for kMostRecordBytes, and
  /// returns its end; null when the duration is over.
  char* Next(char* out);

  /// Goes on with the slot `index`: step * devices + device. The rest of the stream is the same as
  /// if all before had been read. Costs some microseconds for each device.
  void Seek(int64_t index);
  /// Slot of the next record, or the number of all slots at the end. Slots of devices that are
  /// silent have no record.
  int64_t next_index();
  /// Event time of the next record. REQUIRES: next_index() is not the end.
  int64_t next_time_us();
  /// Slots in all; INT64_MAX when endless.
  int64_t end_index() const { return end_index_; }

  /// The faults that have begun up to the next record, in order of time.
  const std::vector<FaultWindow>& Truth() const { return truth_; }

  /// Event time between two readings of a device.
  static int64_t PeriodUs(const SimulateSourceConfig& config);

 private:
  struct Device {
    SimDevice signal;
    std::string prefix;  // of its records, up to the time
    std::optional<PlannedFault> fault;
    SimValues clean_at_fault{};
  };

  int64_t TimeOf(int64_t step) const { return start_us_ + step * period_us_; }
  void BeginStep();
  void BeginSlice(int64_t slice);
  void AddTruthUpTo(int64_t step);
  bool SkipSilent();
  void Advance();
  int64_t index() const {
    return step_ * static_cast<int64_t>(devices_.size()) + static_cast<int64_t>(device_);
  }

  int64_t start_us_;
  int64_t period_us_;
  uint64_t key_;
  int64_t end_index_;
  FaultPlan plan_;
  std::vector<Device> devices_;
  std::vector<FaultWindow> truth_;
  struct Waiting {
    int64_t first;
    FaultWindow window;
  };
  std::vector<Waiting> waiting_;  // faults of this slice that have not begun, latest first
  int64_t step_ = 0;
  size_t device_ = 0;
  int64_t slice_ = -1;
  std::string time_text_;  // of this step, from the time to the name of the first metric
};

}  // namespace avocet
