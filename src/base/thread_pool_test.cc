#include "src/base/thread_pool.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace avocet {
namespace {

TEST(ThreadPool, EveryIndexRunsOnce) {
  for (const size_t num_threads : {size_t{0}, size_t{1}, size_t{2}, size_t{5}}) {
    ThreadPool pool(num_threads);
    EXPECT_EQ(pool.num_threads(), std::max<size_t>(1, num_threads));
    for (const size_t n : {size_t{0}, size_t{1}, size_t{2}, size_t{7}, size_t{1000}}) {
      std::vector<int> runs(n);
      pool.ParallelFor(n, [&](size_t index) { ++runs[index]; });
      EXPECT_EQ(runs, std::vector<int>(n, 1));
    }
  }
}

TEST(ThreadPool, OneThreadRunsInline) {
  ThreadPool pool(1);
  pool.ParallelFor(10, [caller = std::this_thread::get_id()](size_t) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
  });
}

TEST(ThreadPool, ThreadsRunAtTheSameTime) {
  // Each call waits for all the others, so this ends only when every thread takes one.
  constexpr size_t kThreads = 4;
  ThreadPool pool(kThreads);
  for (int round = 0; round < 20; ++round) {
    std::atomic<size_t> arrived = 0;
    std::mutex mutex;
    std::set<std::thread::id> threads;
    pool.ParallelFor(kThreads, [&](size_t) {
      {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      }
      arrived.fetch_add(1);
      while (arrived.load() < kThreads) std::this_thread::yield();
    });
    EXPECT_EQ(threads.size(), kThreads);
    EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
  }
}

TEST(ThreadPool, ManyShortLoopsEachFinishBeforeTheNext) {
  ThreadPool pool(3);
  std::vector<uint64_t> sums(8);
  for (uint64_t round = 0; round < 5'000; ++round) {
    pool.ParallelFor(sums.size(), [&](size_t index) { sums[index] += round; });
  }
  EXPECT_EQ(sums, std::vector<uint64_t>(8, uint64_t{4'999} * 5'000 / 2));
}

TEST(ThreadPool, LoopInsideLoopRuns) {
  ThreadPool pool(3);
  std::atomic<size_t> runs = 0;
  pool.ParallelFor(4, [&](size_t) { pool.ParallelFor(5, [&](size_t) { runs.fetch_add(1); }); });
  EXPECT_EQ(runs.load(), 20u);
}

TEST(ThreadPool, SeveralCallersTakeTurns) {
  ThreadPool pool(2);
  std::vector<std::thread> callers;
  std::vector<size_t> totals(4);
  for (size_t caller = 0; caller < totals.size(); ++caller) {
    callers.emplace_back([&pool, total = &totals[caller]] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<size_t> runs = 0;
        pool.ParallelFor(10, [&](size_t) { runs.fetch_add(1); });
        *total += runs.load();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(totals, std::vector<size_t>(4, 2'000));
}

}  // namespace
}  // namespace avocet
