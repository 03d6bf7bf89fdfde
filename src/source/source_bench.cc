// Speed of splitting files from the page cache, and of the simulator.
//   source_bench --benchmark_min_time=2
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "src/source/file/file_source.h"
#include "src/source/simulate/simulator.h"

namespace avocet {
namespace {

// Simulated readings, about 256 MiB, in a file that is removed at the end of the process.
class ReadingsFile {
 public:
  explicit ReadingsFile(const std::string& suffix, bool array) {
    char pattern[] = "/tmp/avocet-bench-XXXXXX";
    const int fd = ::mkstemp(pattern);
    ::close(fd);
    path_ = pattern + suffix;
    ::rename(pattern, path_.c_str());
    SimulateSourceConfig config;
    config.devices = 1000;
    Simulator simulator(config, 1'623'781'706'000'000);
    std::ofstream out(path_, std::ios::binary);
    std::string lines;
    if (array) out << '[';
    while (bytes_ < kBytes) {
      lines.clear();
      for (int i = 0; i < 1000; ++i) {
        simulator.Next(&lines);
        if (array) lines.back() = ',';
      }
      out << lines;
      bytes_ += lines.size();
      records_ += 1000;
    }
    if (array) out << "0]";
    out.close();
  }
  ReadingsFile(const ReadingsFile&) = delete;
  ReadingsFile& operator=(const ReadingsFile&) = delete;
  ~ReadingsFile() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }
  size_t bytes() const { return bytes_; }
  size_t records() const { return records_; }

 private:
  static constexpr size_t kBytes = size_t{256} << 20;
  std::string path_;
  size_t bytes_ = 0, records_ = 0;
};

void ReadFileOnce(benchmark::State& state, const ReadingsFile& file, const std::string& format,
                  size_t more_records) {
  FileSourceConfig config;
  config.paths = {file.path()};
  config.format = format;
  PollLimits limits;
  limits.max_records = 65536;
  for (auto _ : state) {
    auto source = MakeFileSource(config, "file", true, Env::Posix());
    if (!source->Open({}).ok()) return state.SkipWithError("cannot open the file");
    size_t records = 0;
    std::vector<RawBatch> batches;
    for (bool end = false; !end;) {
      batches.clear();
      const auto polled = source->Poll(limits, &batches);
      end = !polled.ok() || *polled == PollState::kEnd;
      for (const RawBatch& batch : batches) records += batch.records.size();
    }
    if (records != file.records() + more_records) state.SkipWithError("records are missing");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * file.bytes()));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * file.records()));
}

void BM_SplitNdjson(benchmark::State& state) {
  static const ReadingsFile file(".ndjson", false);
  ReadFileOnce(state, file, "auto", 0);
}
BENCHMARK(BM_SplitNdjson)->Unit(benchmark::kMillisecond);

// The same bytes taken as rows: every one has quotes, so this is the slow way through the splitter.
void BM_SplitCsvWithQuotes(benchmark::State& state) {
  static const ReadingsFile file(".csv", false);
  ReadFileOnce(state, file, "csv", static_cast<size_t>(-1));
}
BENCHMARK(BM_SplitCsvWithQuotes)->Unit(benchmark::kMillisecond);

void BM_SplitJsonArray(benchmark::State& state) {
  static const ReadingsFile file(".json", true);
  ReadFileOnce(state, file, "auto", 1);
}
BENCHMARK(BM_SplitJsonArray)->Unit(benchmark::kMillisecond);

void BM_Simulate(benchmark::State& state) {
  SimulateSourceConfig config;
  config.devices = state.range(0);
  config.faults = {"spike", "stuck", "drift", "dropout"};
  Simulator simulator(config, 1'623'781'706'000'000);
  std::vector<char> line(Simulator::kMostRecordBytes);
  int64_t bytes = 0;
  for (auto _ : state) bytes += simulator.Next(line.data()) - line.data();
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Simulate)->Arg(50)->Arg(10'000);

void BM_SimulatorSeek(benchmark::State& state) {
  SimulateSourceConfig config;
  config.devices = 1000;
  Simulator simulator(config, 1'623'781'706'000'000);
  for (auto _ : state) simulator.Seek(511'999'999);
  state.SetItemsProcessed(state.iterations() * config.devices);
}
BENCHMARK(BM_SimulatorSeek)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avocet
