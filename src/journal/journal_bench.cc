// How many records per second become durable, on the disk below the working directory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "src/env/signals.h"
#include "src/journal/journal.h"
#include "src/journal/journal_reader.h"

namespace avocet {
namespace {

constexpr const char* kDirectory = "journal_bench.tmp";
constexpr size_t kPayloadBytes = 120;  // a JSON reading

void RemoveAll(Env* env) {
  const auto entries = env->List(kDirectory);
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    static_cast<void>(env->Remove(std::string(kDirectory) + "/" + entry.name));
  }
  static_cast<void>(env->Remove(kDirectory));
}

double Percentile99(std::vector<double>* values) {
  const auto nth = values->begin() + static_cast<ptrdiff_t>(values->size() * 99 / 100);
  std::nth_element(values->begin(), nth, values->end());
  return *nth;
}

// One entry per record from `writers` threads, each waiting when too much is pending.
void BM_Append(benchmark::State& state) {
  Env* env = Env::Posix();
  RemoveAll(env);
  const auto records = static_cast<uint64_t>(state.range(0));
  const auto writers = static_cast<uint64_t>(state.range(1));
  JournalOptions options;
  options.directory = kDirectory;
  options.max_bytes = uint64_t{8} << 30;
  auto journal = Journal::Open(options, env, 0);
  const std::string payload(kPayloadBytes, 'x');
  std::atomic<uint64_t> durable = 0;
  // Milliseconds from a record's append to its answer; each answer has a place of its own.
  std::vector<double> waits(records / writers * writers);
  for (auto _ : state) {
    const uint64_t end = journal.value()->stats().end_record + records;
    std::vector<std::thread> threads;
    for (uint64_t w = 0; w < writers; ++w) {
      threads.emplace_back([&, w] {
        for (uint64_t i = 0; i < records / writers; ++i) {
          double* const wait = &waits[w * (records / writers) + i];
          const auto begin = std::chrono::steady_clock::now();
          while (!journal.value()
                      ->Append({"", payload, 1},
                               [&durable, wait, begin](const Result<uint64_t>& first) {
                                 const std::chrono::duration<double, std::milli> took =
                                     std::chrono::steady_clock::now() - begin;
                                 *wait = took.count();
                                 durable += first.ok();
                               })
                      .ok()) {
            std::this_thread::sleep_for(std::chrono::microseconds(200));
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // The last answers may be on their way when the last record is durable.
    while (durable < end) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const JournalStats stats = journal.value()->stats();
  if (durable != stats.end_record) state.SkipWithError("a record was acknowledged twice");
  state.SetItemsProcessed(static_cast<int64_t>(stats.end_record));
  state.counters["syncs"] = static_cast<double>(stats.groups);
  state.counters["records_per_sync"] =
      static_cast<double>(stats.end_record) / static_cast<double>(stats.groups);
  state.counters["ack_ms_p99"] = Percentile99(&waits);
  state.counters["memory_mb"] = static_cast<double>(UsageSoFar().peak_memory_bytes) / 1e6;
  journal = Status::Cancelled("");
  RemoveAll(env);
}
BENCHMARK(BM_Append)
    ->ArgNames({"records", "writers"})
    ->Args({500'000, 1})
    ->Args({500'000, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_Read(benchmark::State& state) {
  Env* env = Env::Posix();
  RemoveAll(env);
  JournalOptions options;
  options.directory = kDirectory;
  auto journal = Journal::Open(options, env, 0);
  const auto records = static_cast<uint64_t>(state.range(0));
  const std::string payload(kPayloadBytes, 'x');
  for (uint64_t i = 0; i < records;) {
    if (journal.value()->Append({"", payload, 1}, [](const Result<uint64_t>&) {}).ok()) ++i;
  }
  journal.value()->WaitFor(records - 1, std::chrono::seconds(60));
  for (auto _ : state) {
    JournalReader reader(journal->get(), 0);
    JournalItem item;
    uint64_t read = 0;
    while (*reader.Next(&item)) ++read;
    if (read != records) state.SkipWithError("records are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(records));
  journal = Status::Cancelled("");
  RemoveAll(env);
}
BENCHMARK(BM_Read)->Arg(500'000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace avocet
