#include "src/source/simulate/simulate_source.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "src/env/sim_env.h"
#include "src/source/simulate/simulator.h"
#include "src/source/source_testing.h"

namespace avocet {
namespace {

class SimulateSourceTest : public ::testing::Test {
 protected:
  SimulateSourceTest() {
    config_.devices = 5;
    config_.duration = std::chrono::minutes(10);
    config_.start_time_us = 1'600'000'000'000'000;
    config_.speed = 0;
  }

  std::unique_ptr<Source> Open(const Positions& committed = {}, bool once = false) {
    auto source = MakeSimulateSource(config_, "sim", once, &env_);
    const Status status = source->Open(committed);
    EXPECT_TRUE(status.ok()) << status.message();
    return source;
  }

  std::string WantTruth() const {
    Simulator simulator(config_, config_.start_time_us);
    std::string sink, truth;
    while (simulator.Next(&sink)) {
    }
    for (const FaultWindow& window : simulator.Truth()) truth += FaultWindowJson(window) + "\n";
    return truth;
  }

  SimEnv env_;
  SimulateSourceConfig config_;
};

TEST_F(SimulateSourceTest, FlatOutDeliversTheWholeSimulation) {
  const Delivered got = Drain(Open({}, true).get());
  EXPECT_EQ(got.state, PollState::kEnd);
  ASSERT_EQ(got.records.size(), 300U);
  Simulator simulator(config_, config_.start_time_us);
  for (size_t i = 0; i < got.records.size(); ++i) {
    std::string line;
    ASSERT_TRUE(simulator.Next(&line));
    EXPECT_EQ(got.records[i] + "\n", line);
    EXPECT_EQ(got.offsets[i], static_cast<int64_t>(i));
    EXPECT_EQ(got.partitions[i], "simulate");
  }
}

TEST_F(SimulateSourceTest, ResumesAtEveryRecord) {
  config_.faults = {"dropout", "spike"};
  config_.duration = std::chrono::minutes(3);
  config_.truth_file = "/truth.ndjson";
  const Delivered all = Drain(Open().get());
  EXPECT_LT(all.records.size(), 90U);
  for (size_t stop = 0; stop <= all.records.size(); ++stop) {
    auto first = Open();
    Delivered before;
    while (before.records.size() < stop) {
      std::vector<RawBatch> batches;
      PollLimits limits;
      limits.max_records = std::min<size_t>(7, stop - before.records.size());
      ASSERT_TRUE(first->Poll(limits, &batches).ok());
      before.Take(batches);
    }
    Positions positions;
    first->TakeChangedPositions(&positions);
    EXPECT_EQ(positions.empty(), stop == 0);
    const Delivered after = Drain(Open(positions).get());
    before.records.insert(before.records.end(), after.records.begin(), after.records.end());
    ASSERT_EQ(before.records, all.records) << stop;
    EXPECT_EQ(*env_.ReadFile("/truth.ndjson"), WantTruth());
  }
}

TEST_F(SimulateSourceTest, OtherFleetBeginsAgain) {
  auto source = Open();
  Drain(source.get());
  Positions positions;
  source->AllPositions(&positions);
  EXPECT_TRUE(Drain(Open(positions).get()).records.empty());
  config_.seed = 7;
  EXPECT_EQ(Drain(Open(positions).get()).records.size(), 300U);
  positions["sim/simulate"] = "{";
  EXPECT_EQ(MakeSimulateSource(config_, "sim", false, &env_)->Open(positions).code(),
            StatusCode::kCorrupt);
}

TEST_F(SimulateSourceTest, SpeedPacesTheReadings) {
  config_.speed = 2;
  auto source = Open();
  EXPECT_EQ(Drain(source.get()).records.size(), 5U);
  EXPECT_EQ(Drain(source.get()).records.size(), 0U);
  PollLimits limits;
  limits.wait = std::chrono::milliseconds(4999);
  EXPECT_EQ(Drain(source.get(), limits).records.size(), 0U);
  limits.wait = std::chrono::milliseconds(500);
  EXPECT_EQ(Drain(source.get(), limits).records.size(), 5U);
  env_.AdvanceClock(std::chrono::seconds(50));
  EXPECT_EQ(Drain(source.get()).records.size(), 50U);
}

TEST_F(SimulateSourceTest, LiveFleetMakesUpForTheTimeItWasStopped) {
  config_.start_time_us = 0;
  config_.speed = 1;
  config_.duration = Duration(0);
  Positions positions;
  {
    auto source = Open();
    EXPECT_EQ(Drain(source.get()).records.size(), 5U);
    source->AllPositions(&positions);
  }
  env_.AdvanceClock(std::chrono::seconds(100));
  EXPECT_EQ(Drain(Open(positions).get()).records.size(), 50U);
}

TEST_F(SimulateSourceTest, EndlessFleetIsNotReadOnce) {
  config_.duration = Duration(0);
  EXPECT_EQ(MakeSimulateSource(config_, "sim", true, &env_)->Open({}).code(), StatusCode::kConfig);
}

TEST_F(SimulateSourceTest, TruthFileThatCannotBeWrittenIsAnError) {
  config_.truth_file = "/missing/truth.ndjson";
  EXPECT_FALSE(MakeSimulateSource(config_, "sim", true, &env_)->Open({}).ok());
}

}  // namespace
}  // namespace avocet
