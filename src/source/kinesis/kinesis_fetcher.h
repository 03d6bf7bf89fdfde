// KinesisFetcher: threads that read the shards of a stream ahead of the engine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/source/kinesis/kinesis_chunk.h"
#include "src/source/kinesis/kinesis_stream.h"

namespace avocet {

struct KinesisFetchOptions {
  std::chrono::nanoseconds poll_interval = std::chrono::milliseconds(250);  ///< of each shard
  std::chrono::nanoseconds list_interval = std::chrono::seconds(30);
  int records_per_call = 10'000;
  KinesisUnpackOptions unpack;
};

/// A shard is read by one thread at a time, so its chunks come in order. Requests that are refused
/// for a while are made again after a pause that grows, with chance in it so that readers do not
/// stay in step. The methods are called by one thread, the source's.
class KinesisFetcher {
 public:
  /// The most threads that read, and the most bytes that wait to be taken; a chunk more for each
  /// thread may be under way.
  static constexpr size_t kMostThreads = 8;
  static constexpr size_t kMostWaitingBytes = size_t{32} << 20;

  KinesisFetcher(std::unique_ptr<KinesisStream> stream, const KinesisFetchOptions& options,
                 Env* env);
  ~KinesisFetcher();
  KinesisFetcher(const KinesisFetcher&) = delete;
  KinesisFetcher& operator=(const KinesisFetcher&) = delete;

  /// Reads `shard` from `position` on, or from `otherwise` when that is empty. REQUIRES: the shard
  /// is not being read.
  void Add(const std::string& shard, const KinesisPosition& position,
           const KinesisStart& otherwise);
  /// Reads it no more; what waits of it is dropped.
  void Remove(const std::string& shard);

  struct Fetched {
    std::string shard;
    KinesisChunk chunk;
  };
  /// The next chunk of any shard; waits up to `wait` for one.
  std::optional<Fetched> Take(std::chrono::nanoseconds wait);

  /// The shards, when they have been listed since the last call.
  std::optional<std::vector<KinesisShard>> TakeListing();
  /// Lists the shards soon, rather than after the interval.
  void ListSoon();

  /// Why the shards cannot be listed at the moment; Ok otherwise.
  Status list_status() const;
  /// Why a shard cannot be read; it is tried again. Empty: all are read.
  std::string shard_problem() const;
  /// An error that trying again does not mend: the position does not fit the shard.
  Status failure() const;
  /// The largest distance of a shard from its tip; 0 when it is not known.
  int64_t behind_ms() const;

 private:
  struct Shard {
    std::string id;
    KinesisPosition position;  // after the last chunk that was fetched
    KinesisStart otherwise;
    std::string iterator;  // empty: to be asked for
    std::chrono::nanoseconds due{0};
    std::chrono::nanoseconds pause{0};
    bool busy = false;
    bool ended = false;
    bool removed = false;
    int64_t behind_ms = -1;
    std::string problem;
  };

  void RunThread();
  void Work(std::unique_lock<std::mutex>* lock);
  void List(std::unique_lock<std::mutex>* lock);
  void Read(const std::shared_ptr<Shard>& shard, std::unique_lock<std::mutex>* lock);
  Status FetchOne(Shard* shard, std::optional<KinesisChunk>* chunk);
  void NoteFailure(Shard* shard, const Status& status);
  std::shared_ptr<Shard> FindDue(std::chrono::nanoseconds now, std::chrono::nanoseconds* next);

  const std::unique_ptr<KinesisStream> stream_;
  const KinesisFetchOptions options_;
  Env* const env_;

  mutable std::mutex mutex_;
  std::condition_variable work_;   // there may be something to do
  std::condition_variable ready_;  // there is a chunk or a listing
  // All of these are guarded by mutex_; a busy shard belongs to the thread that reads it.
  std::map<std::string, std::shared_ptr<Shard>> shards_;
  std::deque<Fetched> chunks_;
  size_t waiting_bytes_ = 0;
  std::optional<std::vector<KinesisShard>> listing_;
  std::chrono::nanoseconds list_due_{0};
  std::chrono::nanoseconds list_pause_{0};
  bool listing_now_ = false;
  Status list_status_;
  Status failure_;
  bool stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace avocet
