#include "src/env/sim_core.h"

#include <string>
#include <utility>
#include <vector>

namespace avocet {

namespace {

// Any other number makes another stream.
constexpr uint64_t kAppStream = 0xA70CE7;

}  // namespace

SimCore::SimCore(uint64_t seed, int64_t start_us)
    : fault_random_(seed), app_random_(seed ^ kAppStream), start_us_(start_us) {}

int64_t SimCore::NowMicros() {
  const std::lock_guard lock(mutex_);
  return start_us_ + monotonic_.count() / 1'000;
}

std::chrono::nanoseconds SimCore::Monotonic() {
  const std::lock_guard lock(mutex_);
  return monotonic_;
}

void SimCore::Advance(std::chrono::nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  if (duration > std::chrono::nanoseconds::zero()) monotonic_ += duration;
}

void SimCore::SetNowMicros(int64_t micros_utc) {
  const std::lock_guard lock(mutex_);
  start_us_ = micros_utc - monotonic_.count() / 1'000;
}

uint64_t SimCore::Random64() {
  const std::lock_guard lock(mutex_);
  return app_random_.Next();
}

void SimCore::CrashAfterOps(uint64_t num_ops) {
  const std::lock_guard lock(mutex_);
  crash_at_op_ = num_ops_ + num_ops;
}

void SimCore::Restart(SimCrash crash) {
  const std::lock_guard lock(mutex_);
  disk_.Crash(crash, &fault_random_);
  ++process_;
  crash_at_op_.reset();
  crashed_ = false;
}

bool SimCore::IsCrashed() {
  const std::lock_guard lock(mutex_);
  return crashed_;
}

uint64_t SimCore::ops() {
  const std::lock_guard lock(mutex_);
  return num_ops_;
}

void SimCore::InjectFault(SimFault fault) {
  const std::lock_guard lock(mutex_);
  faults_.Add(std::move(fault));
}

void SimCore::ClearFaults() {
  const std::lock_guard lock(mutex_);
  faults_.Clear();
}

void SimCore::SetLatency(SimOp op, std::chrono::nanoseconds latency) {
  const std::lock_guard lock(mutex_);
  latencies_[op] = latency;
}

SimCore::ProcessNumber SimCore::process() {
  const std::lock_guard lock(mutex_);
  return process_;
}

void SimCore::Unlock(SimInode* inode, ProcessNumber holder) {
  const std::lock_guard lock(mutex_);
  if (holder == process_) inode->lock_owner.reset();
}

Status SimCore::CrashError(std::string_view what, std::string_view subject) {
  std::string message = "cannot ";
  message.append(what).append(" ").append(subject).append(": simulated crash");
  return Status::Io(std::move(message));
}

SimCore::Verdict SimCore::Begin(SimOp op, std::initializer_list<std::string_view> paths) {
  if (crashed_) return {false, true, 0};
  if (crash_at_op_.has_value() && num_ops_ >= *crash_at_op_) {
    crashed_ = true;
    // The power may go while the operation is on its way to the disk.
    return {fault_random_.Chance(0.5), true, 0};
  }
  ++num_ops_;
  if (const auto latency = latencies_.find(op); latency != latencies_.end()) {
    monotonic_ += latency->second;
  }
  disk_.SetTime(start_us_ + monotonic_.count() / 1'000);
  if (faults_.empty()) return {};
  std::vector<std::string> absolute_paths;
  for (const std::string_view path : paths) absolute_paths.push_back(SimDisk::AbsolutePath(path));
  const std::optional<SimFault> fault = faults_.Strike(op, absolute_paths, &fault_random_);
  if (!fault.has_value()) return {};
  return {fault->takes_effect, false, fault->error_number};
}

}  // namespace avocet
