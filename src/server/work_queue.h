// WorkQueue: one thread for what takes too long for a thread that serves requests.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace avocet {

/// Any thread may add work. The destructor drops what has not begun.
class WorkQueue {
 public:
  explicit WorkQueue(size_t limit) : limit_(limit), thread_([this] { Loop(); }) {}
  ~WorkQueue();

  /// False, and nothing is added, when `limit` pieces of work are waiting.
  bool Add(std::function<void()> work);

 private:
  void Loop();

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopping_ = false;                      // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
