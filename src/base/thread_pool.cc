#include "src/base/thread_pool.h"

namespace avocet {

namespace {

// The pool whose loop this thread is in, so that a loop inside a loop does not wait for itself.
thread_local const ThreadPool* current_pool = nullptr;

}  // namespace

ThreadPool::ThreadPool(size_t num_threads) {
  for (size_t i = 1; i < num_threads; ++i) threads_.emplace_back([this] { RunThread(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  started_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::RunLoop(size_t n, Body body) {
  if (n <= 1 || threads_.empty() || current_pool == this) {
    for (size_t index = 0; index < n; ++index) body.call(body.context, index);
    return;
  }
  const std::lock_guard loop_lock(loop_mutex_);
  {
    const std::lock_guard lock(mutex_);
    body_ = body;
    num_indices_ = n;
    ++loop_number_;
    next_index_.store(0, std::memory_order_relaxed);
  }
  started_.notify_all();
  RunShare(n, body);
  std::unique_lock lock(mutex_);
  // Threads that have not woken up yet find nothing to do; the loop does not wait for them.
  body_ = {};
  finished_.wait(lock, [this] { return num_active_ == 0; });
}

void ThreadPool::RunShare(size_t n, Body body) {
  const ThreadPool* const outer_pool = current_pool;
  current_pool = this;
  while (true) {
    const size_t index = next_index_.fetch_add(1, std::memory_order_relaxed);
    if (index >= n) break;
    body.call(body.context, index);
  }
  current_pool = outer_pool;
}

void ThreadPool::RunThread() {
  uint64_t last_loop = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    started_.wait(
        lock, [&] { return stopping_ || (loop_number_ != last_loop && body_.call != nullptr); });
    if (stopping_) return;
    last_loop = loop_number_;
    const Body body = body_;
    const size_t n = num_indices_;
    ++num_active_;
    lock.unlock();
    RunShare(n, body);
    lock.lock();
    if (--num_active_ == 0) finished_.notify_all();
  }
}

}  // namespace avocet
