#include "src/source/simulate/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/base/hash.h"
#include "src/base/time_format.h"
#include "src/source/simulate/sim_random.h"

namespace avocet {
namespace {

constexpr int64_t kStart = 1'623'781'706'000'000;  // 2021-06-15T18:28:26Z
const std::vector<std::string> kAllFaults = FaultKindNames();
// The kinds that the first version had.
const std::vector<std::string> kFirstFaults = {"spike",       "dip",   "stuck",   "drift",
                                               "level_shift", "noise", "dropout", "cross"};

SimulateSourceConfig Config(int64_t devices, Duration duration,
                            const std::vector<std::string>& faults = {}) {
  SimulateSourceConfig config;
  config.devices = devices;
  config.duration = duration;
  config.faults = faults;
  return config;
}

std::vector<std::string> ReadAll(Simulator* simulator) {
  std::vector<std::string> lines;
  for (std::string line; simulator->Next(&line); line.clear()) lines.push_back(line);
  return lines;
}

double Field(const std::string& line, const std::string& name) {
  const size_t at = line.find("\"" + name + "\":");
  return at == std::string::npos ? NAN : std::atof(line.c_str() + at + name.size() + 3);
}

TEST(Simulator, RecordLooksAsDocumented) {
  Simulator simulator(Config(2, std::chrono::seconds(20)), kStart);
  const std::vector<std::string> lines = ReadAll(&simulator);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0],
            "{\"device_id\":\"dev-0001\",\"timestamp\":\"2021-06-15T18:28:26.000Z\","
            "\"temperature\":34.03,\"humidity\":33.40,\"air_quality\":76,\"light\":603,"
            "\"loudness\":151}\n");
  EXPECT_NE(lines[3].find("\"dev-0002\",\"timestamp\":\"2021-06-15T18:28:36.000Z\""),
            std::string::npos);
}

// These bytes are a promise: whoever shares a seed shares the data.
TEST(Simulator, SameSeedGivesTheSameBytesForEver) {
  Simulator simulator(Config(16, std::chrono::hours(30), kFirstFaults), kStart);
  std::string bytes;
  while (simulator.Next(&bytes)) {
  }
  for (const FaultWindow& window : simulator.Truth()) bytes += FaultWindowJson(window) + "\n";
  EXPECT_EQ(bytes.size(), 24'944'755U);
  EXPECT_EQ(Hash64(bytes), 8'124'707'174'564'643'387U);
}

TEST(Simulator, SeedsDiffer) {
  SimulateSourceConfig config = Config(1, std::chrono::seconds(10));
  Simulator one(config, kStart);
  config.seed = 2;
  Simulator two(config, kStart);
  EXPECT_NE(ReadAll(&one), ReadAll(&two));
}

TEST(Simulator, SeekGivesTheTailOfTheWholeStream) {
  const SimulateSourceConfig config = Config(3, std::chrono::hours(26), kAllFaults);
  Simulator whole(config, kStart);
  std::map<int64_t, std::string> by_index;
  while (whole.next_index() < whole.end_index()) {
    const int64_t index = whole.next_index();
    ASSERT_TRUE(whole.Next(&by_index[index]));
  }
  EXPECT_EQ(whole.end_index(), 3 * 9360);
  for (const int64_t index : {0, 1, 2, 3, 1535, 1536, 1537, 9000, 14'039, 14'040, 28'079, 28'080}) {
    Simulator tail(config, kStart);
    tail.Seek(index);
    auto at = by_index.lower_bound(index);
    for (int i = 0; i < 4000 && at != by_index.end(); ++i, ++at) {
      ASSERT_EQ(tail.next_index(), at->first);
      std::string line;
      ASSERT_TRUE(tail.Next(&line));
      ASSERT_EQ(line, at->second) << index << " " << at->first;
    }
    std::string rest;
    while (tail.Next(&rest)) {
    }
    ASSERT_EQ(tail.Truth().size(), whole.Truth().size()) << index;
    for (size_t i = 0; i < tail.Truth().size(); ++i) {
      EXPECT_EQ(FaultWindowJson(tail.Truth()[i]), FaultWindowJson(whole.Truth()[i]));
    }
  }
}

TEST(Simulator, HealthyDevicesStayInTheirRanges) {
  SimulateSourceConfig config = Config(30, std::chrono::hours(72));
  config.period = std::chrono::minutes(1);
  Simulator simulator(config, kStart);
  double sum_t = 0, sum_h = 0, sum_tt = 0, sum_hh = 0, sum_th = 0, n = 0;
  double min_light = 1e9, max_light = 0;
  for (const std::string& line : ReadAll(&simulator)) {
    const double t = Field(line, "temperature"), h = Field(line, "humidity");
    EXPECT_TRUE(t > 20 && t < 40) << line;
    EXPECT_TRUE(h > 20 && h < 60) << line;
    EXPECT_TRUE(std::abs(Field(line, "air_quality") - 75) <= 3) << line;
    EXPECT_TRUE(std::abs(Field(line, "light") - 640) <= 120) << line;
    EXPECT_TRUE(Field(line, "loudness") >= 95 && Field(line, "loudness") <= 260) << line;
    min_light = std::min(min_light, Field(line, "light"));
    max_light = std::max(max_light, Field(line, "light"));
    sum_t += t, sum_h += h, sum_tt += t * t, sum_hh += h * h, sum_th += t * h, n += 1;
  }
  const double correlation = (sum_th - sum_t * sum_h / n) /
                             std::sqrt((sum_tt - sum_t * sum_t / n) * (sum_hh - sum_h * sum_h / n));
  EXPECT_LT(correlation, -0.8);
  EXPECT_GT(max_light - min_light, 60);
}

TEST(Simulator, NormalDrawsAreNormal) {
  double sum = 0, squares = 0;
  int far = 0;
  constexpr int kDrawn = 1'000'000;
  for (uint64_t i = 0; i < kDrawn; ++i) {
    const double x = static_cast<double>(DrawNormal(Draw(5, i))) / kNormalUnit;
    sum += x;
    squares += x * x;
    far += std::abs(x) > 3 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDrawn, 0, 0.005);
  EXPECT_NEAR(squares / kDrawn, 1, 0.01);
  EXPECT_NEAR(far, 2700, 500);
}

TEST(Simulator, RateSetsThePeriod) {
  SimulateSourceConfig config = Config(50, std::chrono::seconds(1));
  config.rate = 100'000;
  EXPECT_EQ(Simulator::PeriodUs(config), 500);
  Simulator simulator(config, kStart);
  const std::vector<std::string> lines = ReadAll(&simulator);
  ASSERT_EQ(lines.size(), 100'000U);
  EXPECT_NE(lines[50].find("2021-06-15T18:28:26.000500Z"), std::string::npos);
}

TEST(Simulator, NonsenseIsRefused) {
  const auto refused = [](auto change) {
    SimulateSourceConfig config;
    change(&config);
    EXPECT_EQ(Simulator::Check(config).code(), StatusCode::kConfig);
  };
  refused([](auto* config) { config->devices = 0; });
  refused([](auto* config) { config->devices = 100'000'000; });
  refused([](auto* config) { config->rate = -1; });
  refused([](auto* config) { config->period = Duration(0); });
  refused([](auto* config) { config->duration = Duration(-1); });
  refused([](auto* config) { config->speed = -1; });
  refused([](auto* config) { config->faults = {"spike", "fire"}; });
  EXPECT_TRUE(Simulator::Check(Config(1, Duration(0), kAllFaults)).ok());
}

// What the readings have in common with those of a fleet without faults.
class FaultTruthTest : public ::testing::Test {
 protected:
  void Run(const SimulateSourceConfig& config) {
    SimulateSourceConfig healthy = config;
    healthy.faults.clear();
    Simulator good(healthy, kStart), bad(config, kStart);
    for (const std::string& line : ReadAll(&good)) good_[line.substr(0, kKey)] = line;
    for (const std::string& line : ReadAll(&bad)) bad_[line.substr(0, kKey)] = line;
    truth_ = bad.Truth();
  }

  static std::string Key(const FaultWindow& window, int64_t time_us) {
    std::string time = FormatTimestamp(time_us);
    if (time.size() == 20) time.insert(19, ".000");
    return "{\"device_id\":\"" + window.device_id + "\",\"timestamp\":\"" + time + "\"";
  }

  static constexpr size_t kKey = 62;  // up to the end of the time
  std::map<std::string, std::string> good_, bad_;
  std::vector<FaultWindow> truth_;
};

TEST_F(FaultTruthTest, EveryDifferenceIsInTheTruthAndTheReverse) {
  const SimulateSourceConfig config = Config(26, std::chrono::hours(24), kAllFaults);
  Run(config);
  ASSERT_EQ(truth_.size(), 52U);
  std::map<std::string, int> count;
  std::set<std::string> explained;
  int64_t before = 0;
  for (const FaultWindow& window : truth_) {
    ++count[window.fault];
    EXPECT_GE(window.start_us, before);
    EXPECT_GE(window.end_us, window.start_us);
    EXPECT_TRUE(window.severity >= 1 && window.severity <= 2);
    EXPECT_EQ(window.metric.empty(), window.fault == "dropout");
    before = window.start_us;
    int64_t changed = 0, readings = 0;
    std::set<double> values;
    for (int64_t time = window.start_us; time <= window.end_us; time += 10'000'000) {
      const std::string key = Key(window, time);
      explained.insert(key);
      ASSERT_TRUE(good_.contains(key)) << key;
      if (window.fault == "dropout") {
        EXPECT_FALSE(bad_.contains(key));
        continue;
      }
      ASSERT_TRUE(bad_.contains(key));
      const double now = Field(bad_[key], window.metric);
      values.insert(now);
      ++readings;
      if (now != Field(good_[key], window.metric)) ++changed;
      EXPECT_TRUE(window.fault != "cross" || (now >= 15 && now <= 65)) << now;
      // Nothing else is touched.
      for (const char* other : {"temperature", "humidity", "air_quality", "light", "loudness"}) {
        if (other == window.metric) continue;
        EXPECT_EQ(Field(bad_[key], other), Field(good_[key], other));
      }
    }
    EXPECT_TRUE(window.fault != "stuck" || values.size() == 1) << values.size();
    if (window.fault == "dropout") continue;
    if (window.fault == "intermittent") {
      EXPECT_TRUE(changed * 16 > readings && changed * 4 < readings) << FaultWindowJson(window);
    } else {
      // A band leaves the readings alone that are within it anyway.
      const int64_t least = window.fault == "clip" ? readings / 4 : readings / 2;
      EXPECT_GT(changed, least) << FaultWindowJson(window);
    }
  }
  EXPECT_EQ(count.size(), kAllFaults.size());
  for (const auto& [kind, number] : count) EXPECT_EQ(number, 4) << kind;
  for (const auto& [key, line] : good_) {
    const auto at = bad_.find(key);
    const bool same = at != bad_.end() && at->second == line;
    EXPECT_TRUE(same || explained.contains(key)) << key;
  }
}

TEST(FaultPlan, EveryKindOccursEvenInShortRuns) {
  for (const int64_t devices : {1, 2, 3, 8, 50, 1000}) {
    for (const int minutes : {2, 60, 600, 3000}) {
      Simulator simulator(Config(devices, std::chrono::minutes(minutes), kAllFaults), kStart);
      simulator.Seek(simulator.end_index());
      std::set<std::string> kinds;
      for (const FaultWindow& window : simulator.Truth()) kinds.insert(window.fault);
      const auto slots = static_cast<size_t>(devices * minutes * 6);
      EXPECT_EQ(kinds.size(), std::min(kAllFaults.size(), slots)) << devices << " " << minutes;
      const auto usual = static_cast<size_t>(devices * minutes / 720);
      EXPECT_LE(simulator.Truth().size(), std::max(kAllFaults.size(), usual + devices));
    }
  }
}

TEST(FaultPlan, FaultsOfADeviceDoNotOverlapInEndlessRuns) {
  std::vector<FaultKind> kinds;
  for (const std::string& name : kAllFaults) kinds.push_back(*ParseFaultKind(name));
  const FaultPlan plan(kinds, 9, 7, 0, 10'000'000);
  for (int64_t device = 0; device < 7; ++device) {
    int64_t end = 0;
    for (int64_t slice = 0; slice < 100; ++slice) {
      const auto fault = plan.Find(device, slice);
      ASSERT_TRUE(fault.has_value());
      EXPECT_GT(fault->first, end);
      EXPECT_GE(fault->last, fault->first);
      EXPECT_EQ(plan.SliceOf(fault->first), slice);
      EXPECT_EQ(plan.SliceOf(fault->last), slice);
      end = fault->last;
    }
  }
}

TEST(FaultPlan, NoKindsNoFaults) {
  EXPECT_FALSE(FaultPlan({}, 1, 5, 100, 1000).Find(0, 0).has_value());
}

TEST(FaultWindow, JsonOfADropoutHasNoMetric) {
  FaultWindow window{"dev-0001", "", "dropout", kStart, kStart + 10'000'000, 1.25};
  EXPECT_EQ(FaultWindowJson(window),
            "{\"device_id\":\"dev-0001\",\"metric\":null,\"fault\":\"dropout\","
            "\"start\":\"2021-06-15T18:28:26Z\",\"end\":\"2021-06-15T18:28:36Z\","
            "\"severity\":1.25}");
}

}  // namespace
}  // namespace avocet
