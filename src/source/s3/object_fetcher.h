// ObjectFetcher: threads that list objects, and read them ahead of the engine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/source/s3/object_store.h"

namespace avocet {

/// Objects come out in the order in which they were added, each from its offset to its end; the
/// first one is the one that is read. Requests that fail are made again after a pause that grows,
/// with chance in it. The methods are called by one thread, the source's.
class ObjectFetcher {
 public:
  static constexpr size_t kThreads = 4;
  static constexpr size_t kPieceBytes = size_t{4} << 20;
  /// Of pieces that are under way or wait to be read.
  static constexpr size_t kMostAheadBytes = size_t{32} << 20;

  ObjectFetcher(std::unique_ptr<ObjectStore> store, Env* env);
  ~ObjectFetcher();
  ObjectFetcher(const ObjectFetcher&) = delete;
  ObjectFetcher& operator=(const ObjectFetcher&) = delete;

  /// Lists the next page, behind the key `after`.
  void List(const std::string& after);
  /// The page that was asked for, once it is there.
  std::optional<S3Page> TakePage();

  void Add(const S3Object& object, uint64_t offset);
  bool empty() const { return jobs_.empty(); }
  size_t size() const { return jobs_.size(); }
  /// REQUIRES: not empty().
  const S3Object& object() const { return jobs_.front()->object; }
  /// The next bytes of the first object; 0 when there are none at the moment. kNotFound: it is
  /// gone; kConflict: it was replaced. REQUIRES: not empty().
  Result<size_t> Read(std::span<char> out);
  /// Read has given out the first object's last byte.
  bool at_end() const;
  void DropFirst();

  /// Waits until there is a page, or something to read; at most `wait`.
  void WaitFor(std::chrono::nanoseconds wait);

  /// Why objects cannot be listed at the moment; Ok otherwise.
  Status list_status() const;
  /// Why the objects cannot be read at the moment, empty otherwise.
  std::string problem() const;
  uint64_t bytes_left() const;

 private:
  struct Piece {
    enum class State : uint8_t { kWanted, kBusy, kReady };

    uint64_t offset = 0;
    size_t size = 0;
    State state = State::kWanted;
    std::chrono::nanoseconds due{0};
    std::chrono::nanoseconds pause{0};
    std::string bytes;
    size_t taken = 0;
  };
  struct Job {
    S3Object object;
    uint64_t next = 0;   // first byte without a piece
    uint64_t given = 0;  // first byte that Read has not given out
    std::deque<std::unique_ptr<Piece>> pieces;
    Status status;  // final
  };

  void RunThread();
  void Work(std::unique_lock<std::mutex>* lock);
  void ListPage(std::unique_lock<std::mutex>* lock);
  bool FindPiece(std::chrono::nanoseconds now, std::chrono::nanoseconds* next,
                 std::shared_ptr<Job>* job, Piece** piece);
  void Fetch(std::shared_ptr<Job> job, Piece* piece, std::unique_lock<std::mutex>* lock);
  bool IsReady() const;

  const std::unique_ptr<ObjectStore> store_;
  Env* const env_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable ready_;
  // All of these are guarded by mutex_; a busy piece belongs to the thread that fetches it. Only
  // the source's thread changes which jobs there are.
  std::deque<std::shared_ptr<Job>> jobs_;
  size_t ahead_bytes_ = 0;
  std::optional<std::string> list_after_;  // a page is wanted
  bool listing_now_ = false;
  std::chrono::nanoseconds list_due_{0};
  std::chrono::nanoseconds list_pause_{0};
  std::optional<S3Page> page_;
  Status list_status_;
  std::string problem_;
  bool stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace avocet
