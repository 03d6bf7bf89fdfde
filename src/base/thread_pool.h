// ThreadPool: a fixed set of threads that share loops.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace avocet {

/// Runs loops on `num_threads` threads, of which the caller is one. Any thread may call it; loops
/// of several callers run one after the other. The destructor waits for its threads.
class ThreadPool {
 public:
  /// Starts `num_threads - 1` threads; none for 0 and 1.
  explicit ThreadPool(size_t num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// How many threads a loop may use, the caller included.
  size_t num_threads() const { return threads_.size() + 1; }

  /// Calls `fn(index)` once for every index below `n`, in any order and on any of the threads, and
  /// returns when all calls have returned; their effects are visible to the caller. Runs inline on
  /// a pool of one thread and when called from inside a loop of the same pool. `fn` must not throw.
  template <typename Fn>
  void ParallelFor(size_t n, Fn&& fn) {
    using Function = std::remove_reference_t<Fn>;
    RunLoop(n, {[](const void* context, size_t index) {
                  (*static_cast<Function*>(const_cast<void*>(context)))(index);
                },
                std::addressof(fn)});
  }

 private:
  /// A borrowed callable.
  struct Body {
    void (*call)(const void* context, size_t index) = nullptr;
    const void* context = nullptr;
  };

  void RunLoop(size_t n, Body body);
  void RunShare(size_t n, Body body);
  void RunThread();

  std::mutex loop_mutex_;  // held for the whole of a loop: one at a time

  std::mutex mutex_;
  std::condition_variable started_;
  std::condition_variable finished_;
  Body body_;                 // guarded by mutex_; empty when no thread may join the loop
  size_t num_indices_ = 0;    // guarded by mutex_
  uint64_t loop_number_ = 0;  // guarded by mutex_
  size_t num_active_ = 0;     // guarded by mutex_; threads that have joined and not left the loop
  bool stopping_ = false;     // guarded by mutex_
  std::atomic<size_t> next_index_ = 0;

  std::vector<std::thread> threads_;
};

}  // namespace avocet
