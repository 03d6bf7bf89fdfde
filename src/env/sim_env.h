// SimEnv: a system in memory that loses what was not synced, fails on request and obeys a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/env/durable_writer.h"
#include "src/env/env.h"
#include "src/env/file_system_calls.h"
#include "src/env/sim_core.h"
#include "src/env/sim_disk.h"
#include "src/env/sim_fault.h"

namespace avocet {

struct SimOptions {
  uint64_t seed = 1;
  int64_t start_us = 1'623'715'200'000'000;  ///< wall clock at the start: 2021-06-15T00:00:00Z
  int64_t process_id = 1;
};

/// An Env for tests. Files and directories live in memory, the clock moves only when told, and
/// everything random comes from the seed: with one thread the same calls give the same results.
/// Relative paths start at "/". Any thread may call it, but no operation may be running during
/// Crash and Restart. Open files may outlive it, and fail after a crash.
///
///   SimEnv env({.seed = 7});
///   env.CrashAfterOps(20);
///   RunUntilItFails(&env);   // every operation after the 20th says "simulated crash"
///   env.Restart();           // what was synced is there; of the rest, any part
class SimEnv : public Env {
 public:
  explicit SimEnv(SimOptions options = {});
  ~SimEnv() override;

  // Crashes.
  /// The power goes and comes back at once. Locks are released and open files are useless.
  void Crash(SimCrash crash = SimCrash::kPowerCut) { Restart(crash); }
  /// After this many more operations every one fails with kIo "simulated crash" until Restart. The
  /// operation at which it happens may reach the disk or not.
  void CrashAfterOps(uint64_t num_ops) { core_->CrashAfterOps(num_ops); }
  /// Ends a crash: applies the loss and makes operations succeed again.
  void Restart(SimCrash crash = SimCrash::kPowerCut);
  bool IsCrashed() const { return core_->IsCrashed(); }
  /// How many operations on files there were; see SimOp for what counts as one.
  uint64_t ops() const { return core_->ops(); }

  // Faults. After a fault of kSync the bytes that were not synced never reach the disk.
  void InjectFault(SimFault fault) { core_->InjectFault(std::move(fault)); }
  void ClearFaults() { core_->ClearFaults(); }
  /// Files may have this many bytes in sum, no limit when empty; beyond it appends fail with
  /// kNoSpace and change nothing.
  void SetDiskCapacity(std::optional<uint64_t> bytes);
  uint64_t used_bytes() const;
  /// Files and directories in memory, also removed ones that a crash could bring back.
  size_t num_stored_inodes() const;
  /// Inverts the bits of `mask` in one stored byte. kInvalid beyond the end.
  Status CorruptByte(const std::string& path, uint64_t offset, uint8_t mask = 1);
  /// Cuts a stored file. kInvalid when it is shorter.
  Status TruncateFile(const std::string& path, uint64_t size_bytes);
  /// Absolute paths of all files, sorted, temporary ones included.
  std::vector<std::string> Files() const;

  // Clock.
  void AdvanceClock(std::chrono::nanoseconds duration) { core_->Advance(duration); }
  /// Sets the wall clock, forwards or backwards, as an administrator does. Monotonic stays.
  void SetNowMicros(int64_t micros_utc) { core_->SetNowMicros(micros_utc); }
  /// How much every operation of this kind advances the clock.
  void SetLatency(SimOp op, std::chrono::nanoseconds latency) { core_->SetLatency(op, latency); }

  // Env.
  Result<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override;
  Result<std::string> ReadFile(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  Status MakeDirectories(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;
  Status PutDurably(const std::string& path, std::string_view bytes, PutMode mode) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, std::string_view owner) override;
  int64_t NowMicros() override { return core_->NowMicros(); }
  std::chrono::nanoseconds Monotonic() override { return core_->Monotonic(); }
  /// Advances the clock and returns.
  void SleepFor(std::chrono::nanoseconds duration) override;
  uint64_t Random64() override { return core_->Random64(); }
  int64_t ProcessId() override { return process_id_; }
  std::string HostName() override { return "simulation"; }

 protected:
  using WrapCalls =
      std::function<std::unique_ptr<FileSystemCalls>(std::unique_ptr<FileSystemCalls>)>;

  /// Lets `wrap` change the single calls, for tests that must notice when one is left out.
  SimEnv(SimOptions options, const WrapCalls& wrap);

 private:
  const int64_t process_id_;
  const std::shared_ptr<SimCore> core_;
  const std::unique_ptr<FileSystemCalls> calls_;
  std::unique_ptr<DurableWriter> writer_;  // memory of the process, so it is lost in a crash
};

}  // namespace avocet
