// KinesisLeaseKeeper: the thread that looks after the leases.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "src/source/kinesis/kinesis_leases.h"

namespace avocet {

class KinesisLeaseKeeper {
 public:
  /// How long the end may take.
  static constexpr std::chrono::seconds kLastWords{3};

  /// Borrows `leases`.
  explicit KinesisLeaseKeeper(KinesisLeases* leases);
  ~KinesisLeaseKeeper() { Close({}); }
  KinesisLeaseKeeper(const KinesisLeaseKeeper&) = delete;
  KinesisLeaseKeeper& operator=(const KinesisLeaseKeeper&) = delete;

  /// There is something to do.
  void Wake();
  /// Gives away what can be given away, and ends. `delivered`: how far each shard was read.
  void Close(std::map<std::string, KinesisPosition> delivered);

 private:
  void Run();

  KinesisLeases* const leases_;
  std::mutex mutex_;
  std::map<std::string, KinesisPosition> delivered_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace avocet
