#include "src/cli/fault_score.h"

#include <gtest/gtest.h>

#include <cmath>

namespace avocet {
namespace {

constexpr int64_t kMinute = 60'000'000;
constexpr int64_t kDay = 1440 * kMinute;

constexpr ScoreRules kRules = {.tolerance_us = 2 * kMinute,
                               .short_us = 60 * kMinute,
                               .aftermath_us = 60 * kMinute,
                               .merge_us = 30 * kMinute,
                               .from_us = 0};

Alarm At(int64_t minute, const char* metric = "t", const char* device = "a") {
  return {device, metric, "z", minute * kMinute};
}

TruthWindow Fault(int64_t from, int64_t to, const char* metric = "t", const char* kind = "spike") {
  return {"a", metric, kind, from * kMinute, to * kMinute};
}

TEST(FaultScoreTest, TheFirstAlarmWithinAFaultFindsIt) {
  const FaultScore score =
      ScoreAlarms({At(107), At(103), At(400)}, {Fault(100, 110), Fault(800, 810)}, {}, kRules);
  EXPECT_EQ(score.all.faults, 2U);
  EXPECT_EQ(score.all.found, 1U);
  EXPECT_EQ(score.all.delays_s, std::vector<double>{180});
  EXPECT_EQ(score.false_alarms, 1U);
  EXPECT_EQ(score.Recall(), 0.5);
  EXPECT_EQ(score.Precision(), 0.5);
  EXPECT_TRUE(std::isnan(score.FalseAlarmsPerDeviceDay()));
}

TEST(FaultScoreTest, OnlyShortFaultsHaveTolerance) {
  EXPECT_EQ(ScoreAlarms({At(112)}, {Fault(100, 110)}, {}, kRules).all.found, 1U);
  EXPECT_EQ(ScoreAlarms({At(113)}, {Fault(100, 110)}, {}, kRules).all.found, 0U);
  EXPECT_EQ(ScoreAlarms({At(301)}, {Fault(100, 300)}, {}, kRules).all.found, 0U);
}

TEST(FaultScoreTest, MetricsMustAgreeUnlessTheWholeDeviceIsMeant) {
  const auto found = [](const char* alarm, const char* fault) {
    return ScoreAlarms({At(105, alarm)}, {Fault(100, 110, fault)}, {}, kRules).all.found;
  };
  EXPECT_EQ(found("t", "t"), 1U);
  EXPECT_EQ(found("h", "t"), 0U);
  EXPECT_EQ(found("", "t"), 1U);
  EXPECT_EQ(found("h", ""), 1U);
  EXPECT_EQ(ScoreAlarms({At(105, "t", "b")}, {Fault(100, 110)}, {}, kRules).all.found, 0U);
}

TEST(FaultScoreTest, NeighbouringFalseAlarmsAreOneAndTheAftermathIsExcused) {
  const FaultScore score = ScoreAlarms({At(10), At(35), At(60), At(95), At(95, "h"), At(165)},
                                       {Fault(100, 110)}, {}, kRules);
  EXPECT_EQ(score.false_alarms, 3U);  // 10 to 60; 95; 95 of another metric
  EXPECT_EQ(score.all.found, 0U);
}

TEST(FaultScoreTest, DaysCountFromTheEndOfLearning) {
  ScoreRules rules = kRules;
  rules.from_us = kDay;
  std::map<std::string, ObservedSpan> devices;
  devices["a"].Add(0);
  devices["a"].Add(5 * kDay);
  devices["b"].Add(3 * kDay);
  devices["b"].Add(4 * kDay);
  const FaultScore score =
      ScoreAlarms({At(10), At(2000)}, {Fault(100, 110), Fault(3000, 3010)}, devices, rules);
  EXPECT_EQ(score.device_days, 5);
  EXPECT_EQ(score.alarms, 1U);
  EXPECT_EQ(score.all.faults, 1U);
  EXPECT_EQ(score.FalseAlarmsPerDeviceDay(), 0.2);
}

TEST(FaultScoreTest, QuantilesInterpolate) {
  EXPECT_TRUE(std::isnan(Quantile({}, 0.5)));
  EXPECT_EQ(Quantile({7}, 0.9), 7);
  EXPECT_EQ(Quantile({1, 2, 4}, 0.5), 2);
  EXPECT_EQ(Quantile({1, 2}, 0.5), 1.5);
}

TEST(FaultScoreTest, NothingToCompareIsUnknown) {
  const FaultScore score = ScoreAlarms({}, {}, {}, kRules);
  EXPECT_TRUE(std::isnan(score.Recall()));
  EXPECT_TRUE(std::isnan(score.Precision()));
}

}  // namespace
}  // namespace avocet
