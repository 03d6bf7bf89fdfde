// SimCore: what the simulated system and its open files share.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/sim_disk.h"
#include "src/env/sim_fault.h"
#include "src/env/sim_random.h"

namespace avocet {

/// State of a simulated system behind one mutex. Every operation on files goes through Perform,
/// which counts it, lets time pass, and decides whether it crashes or suffers a fault.
class SimCore {
 public:
  /// Who an open file or lock belongs to; after a crash the process is another one.
  using ProcessNumber = uint64_t;

  SimCore(uint64_t seed, int64_t start_us);

  /// Runs `operation(disk)`, which returns 0 or an errno, unless the system has crashed or a fault
  /// strikes. `what` and `subject` make the error message; faults of any of `paths` strike.
  template <typename Operation>
  Status Perform(SimOp op, std::string_view what, const std::string& subject,
                 std::initializer_list<std::string_view> paths, Operation&& operation) {
    const std::lock_guard lock(mutex_);
    return PerformLocked(op, what, subject, paths, operation);
  }

  /// The same for an open file of `process`, which is gone after a crash.
  template <typename Operation>
  Status PerformAs(ProcessNumber process, SimOp op, std::string_view what, const std::string& path,
                   Operation&& operation) {
    const std::lock_guard lock(mutex_);
    if (process != process_) return CrashError(what, path);
    return PerformLocked(op, what, path, {path}, operation);
  }

  /// Runs `inspection(disk)`, which is neither counted nor disturbed.
  template <typename Inspection>
  auto Inspect(Inspection&& inspection) {
    const std::lock_guard lock(mutex_);
    return inspection(disk_);
  }

  // Time and randomness.
  int64_t NowMicros();
  std::chrono::nanoseconds Monotonic();
  void Advance(std::chrono::nanoseconds duration);
  void SetNowMicros(int64_t micros_utc);
  uint64_t Random64();

  // Crashes and faults.
  void CrashAfterOps(uint64_t num_ops);
  void Restart(SimCrash crash);
  bool IsCrashed();
  uint64_t ops();
  void InjectFault(SimFault fault);
  void ClearFaults();
  void SetLatency(SimOp op, std::chrono::nanoseconds latency);

  // Processes and their locks.
  ProcessNumber process();
  void Unlock(SimInode* inode, ProcessNumber holder);

 private:
  struct Verdict {
    bool happens = true;
    bool crashed = false;
    int error_number = 0;
  };

  static Status CrashError(std::string_view what, std::string_view subject);
  Verdict Begin(SimOp op, std::initializer_list<std::string_view> paths);

  template <typename Operation>
  Status PerformLocked(SimOp op, std::string_view what, const std::string& subject,
                       std::initializer_list<std::string_view> paths, Operation&& operation) {
    const Verdict verdict = Begin(op, paths);
    const int error = verdict.happens ? operation(disk_) : 0;
    if (verdict.crashed) return CrashError(what, subject);
    if (verdict.error_number != 0) return Status::FromErrno(verdict.error_number, what, subject);
    return error == 0 ? Status::Ok() : Status::FromErrno(error, what, subject);
  }

  std::mutex mutex_;  // guards all below
  SimDisk disk_;
  SimFaultPlan faults_;
  SimRandom fault_random_;  // apart from app_random_, so that faults do not shift what the app sees
  SimRandom app_random_;
  std::chrono::nanoseconds monotonic_{0};
  int64_t start_us_;  // wall clock at monotonic 0
  std::map<SimOp, std::chrono::nanoseconds> latencies_;
  ProcessNumber process_ = 1;
  uint64_t num_ops_ = 0;
  std::optional<uint64_t> crash_at_op_;
  bool crashed_ = false;
};

}  // namespace avocet
