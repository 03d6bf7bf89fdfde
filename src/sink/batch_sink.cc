#include "src/sink/batch_sink.h"

#include <algorithm>
#include <utility>

#include "src/env/retry_pause.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// While one is carried, the next ones are made.
constexpr size_t kMostQueued = 4;
constexpr RetryPauses kRetryPauses{milliseconds(100), milliseconds(5000)};
constexpr milliseconds kSignalEvery{50};

}  // namespace

BatchSink::BatchSink(std::unique_ptr<BatchCarrier> carrier, const BatchLimits& limits, Env* env)
    : carrier_(std::move(carrier)), limits_(limits), env_(env) {
  thread_ = std::thread([this] { CarryAll(); });
}

BatchSink::~BatchSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    queue_.clear();
    if (status_.ok()) status_ = Status::Cancelled("the sink is gone");
  }
  changed_.notify_all();
  thread_.join();
}

Status BatchSink::Send(std::string_view line) {
  const bool full = collected_.records.size() >= limits_.records ||
                    collected_.bytes + line.size() > limits_.bytes;
  if (full) AVOCET_RETURN_IF_ERROR(Enqueue());
  if (collected_.records.empty()) collected_since_ = env_->Monotonic();
  collected_.records.emplace_back(line);
  collected_.bytes += line.size();
  return Status::Ok();
}

Status BatchSink::Flush() {
  if (env_->Monotonic() - collected_since_ < limits_.hold) return Status::Ok();
  {
    const std::lock_guard lock(mutex_);
    // What waits behind others only grows.
    if (!queue_.empty()) return status_;
  }
  return Enqueue();
}

Status BatchSink::Enqueue() {
  if (collected_.records.empty()) return Status::Ok();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < kMostQueued || !status_.ok(); });
  AVOCET_RETURN_IF_ERROR(status_);
  const uint64_t next = collected_.number + 1;
  counts_.sent += collected_.records.size();
  queue_.push_back(std::exchange(collected_, {.number = next}));
  changed_.notify_all();
  return Status::Ok();
}

Status BatchSink::Close() {
  AVOCET_RETURN_IF_ERROR(Enqueue());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return (queue_.empty() && idle_) || !status_.ok(); });
  return status_;
}

SinkCounts BatchSink::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void BatchSink::CarryAll() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (closing_ || !status_.ok()) return;
    RecordBatch batch = std::move(queue_.front());
    queue_.pop_front();
    idle_ = false;
    lock.unlock();
    Status status = CarryBatch(std::move(batch));
    lock.lock();
    idle_ = true;
    if (status_.ok()) status_ = std::move(status);
    changed_.notify_all();
  }
}

// Until nothing of it is left, or patience ends.
Status BatchSink::CarryBatch(RecordBatch batch) {
  Patience patience(limits_.patience, env_);
  nanoseconds pause{0};
  while (true) {
    BatchCarrier::Outcome outcome = carrier_->Carry(&batch);
    {
      const std::lock_guard lock(mutex_);
      counts_.acknowledged += outcome.acknowledged;
      counts_.rejected += outcome.rejected;
      if (outcome.rejected > 0) counts_.rejection = std::move(outcome.rejection);
      if (closing_) return Status::Ok();
    }
    if (outcome.status.code() != StatusCode::kUnavailable) return outcome.status;
    if (outcome.acknowledged > 0) {
      patience.Renew();
      pause = nanoseconds(0);
    }
    const nanoseconds wait = std::max(outcome.pause, NextRetryPause(kRetryPauses, env_, &pause));
    const nanoseconds until = env_->Monotonic() + wait;
    while (env_->Monotonic() < until) {
      if (patience.IsOver()) return outcome.status;
      env_->SleepFor(std::min<nanoseconds>(kSignalEvery, until - env_->Monotonic()));
    }
  }
}

}  // namespace avocet
