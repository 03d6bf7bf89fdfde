#include "src/source/kinesis/kinesis_lease_keeper.h"

#include <utility>

namespace avocet {

KinesisLeaseKeeper::KinesisLeaseKeeper(KinesisLeases* leases)
    : leases_(leases), thread_([this] { Run(); }) {}

void KinesisLeaseKeeper::Close(std::map<std::string, KinesisPosition> delivered) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    delivered_ = std::move(delivered);
    stopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kLastWords, [this] { return ended_; });
  }
  leases_->Cancel();
  thread_.join();
}

void KinesisLeaseKeeper::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void KinesisLeaseKeeper::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    const std::chrono::nanoseconds pause = leases_->Advance();
    lock.lock();
    changed_.wait_for(lock, pause, [this] { return woken_ || stopping_; });
  }
  lock.unlock();
  leases_->ReleaseAll(delivered_);
  lock.lock();
  ended_ = true;
  changed_.notify_all();
}

}  // namespace avocet
