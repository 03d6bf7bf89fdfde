#include "src/state/rul_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/state/hour.h"
#include "src/state/rul_fit.h"

namespace avocet {
namespace {

constexpr double kCap = 100;
constexpr int64_t kBegin = 1'700'006'400'000'000;
const std::vector<std::string> kMetrics = {"vibration", "humidity"};

// Vibration grows in the last 100 hours; humidity says nothing.
DeviceLife LifeOf(int hours, int64_t begin_us, std::mt19937_64* random) {
  std::normal_distribution<double> normal;
  DeviceLife life;
  for (int hour = 0; hour < hours; ++hour) {
    const double wear = std::max(0.0, kCap - (hours - hour)) / 10;
    life.hours.push_back(
        {begin_us + hour * kHourUs, {5 + wear + 0.3 * normal(*random), 50 + 5 * normal(*random)}});
  }
  life.failed_us = begin_us + hours * kHourUs;
  return life;
}

std::vector<DeviceLife> Lives(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int> hours(150, 250);
  std::vector<DeviceLife> lives;
  for (size_t i = 0; i < count; ++i) lives.push_back(LifeOf(hours(random), kBegin, &random));
  return lives;
}

RulModel Fitted() {
  auto model = RulFit::Fit(kMetrics, Lives(20, 1), kCap);
  EXPECT_TRUE(model.ok());
  return std::move(model).value();
}

// What the model says `left` hours before the end of a life.
RulEstimate Before(const RulModel& model, const DeviceLife& life, size_t left) {
  LifeFeatures features = model.Begin();
  for (size_t i = 0; i + left < life.hours.size(); ++i) {
    features.Add(life.hours[i].hour_us, life.hours[i].means);
  }
  return model.Estimate(features);
}

TEST(RulModelTest, FreshLivesEndWhenItSays) {
  const RulModel model = Fitted();
  double squares = 0, covered = 0, count = 0;
  for (const DeviceLife& life : Lives(20, 2)) {
    for (size_t left = 1; left < life.hours.size(); ++left) {
      const RulEstimate estimate = Before(model, life, left);
      // The newest hour began one more before.
      const double truth = std::min(static_cast<double>(left + 1), kCap);
      EXPECT_LE(estimate.low, estimate.hours);
      EXPECT_LE(estimate.hours, estimate.high);
      squares += (estimate.hours - truth) * (estimate.hours - truth);
      if (estimate.low <= truth && truth <= estimate.high) ++covered;
      ++count;
    }
  }
  const double rmse = std::sqrt(squares / count);
  EXPECT_LT(rmse, 12);
  EXPECT_GT(covered / count, 0.72);
  EXPECT_LT(covered / count, 0.88);
  // What it says of itself is that.
  EXPECT_NEAR(model.quality().rmse_hours, rmse, 2);
  EXPECT_NEAR(model.quality().coverage, covered / count, 0.06);
  EXPECT_EQ(model.quality().lives, 20U);
}

TEST(RulModelTest, TheWornMetricTakesTheLife) {
  const RulModel model = Fitted();
  std::mt19937_64 random(3);
  const DeviceLife life = LifeOf(200, kBegin, &random);
  const RulEstimate worn = Before(model, life, 10);
  ASSERT_EQ(worn.shares.size(), 2U);
  EXPECT_EQ(worn.shares[0].metric, "vibration");
  EXPECT_LT(worn.shares[0].hours, -20);
  EXPECT_LT(std::abs(worn.shares[1].hours), 10);
  EXPECT_GT(Before(model, life, 150).hours, 80);
}

TEST(RulModelTest, WhoWasAwayForLongIsNew) {
  const RulModel model = Fitted();
  std::mt19937_64 random(4);
  const DeviceLife first = LifeOf(200, kBegin, &random);
  const DeviceLife second = LifeOf(200, first.failed_us + 8 * 24 * kHourUs, &random);
  DeviceLife both = first;
  both.hours.insert(both.hours.end(), second.hours.begin(), second.hours.end());
  EXPECT_DOUBLE_EQ(Before(model, both, 60).hours, Before(model, second, 60).hours);
}

TEST(RulModelTest, AMetricThatIsMissingSaysNothing) {
  const RulModel model = Fitted();
  LifeFeatures features = model.Begin();
  for (int hour = 0; hour < 50; ++hour) {
    features.Add(kBegin + hour * kHourUs, std::vector<double>{std::nan(""), 50});
  }
  const RulEstimate estimate = model.Estimate(features);
  EXPECT_TRUE(std::isfinite(estimate.hours));
  for (const LifeShare& share : estimate.shares) {
    if (share.metric == "vibration") {
      EXPECT_EQ(share.hours, 0);
    }
  }
}

TEST(RulModelTest, HugeMeansAreNotLearnedFrom) {
  auto lives = Lives(12, 5);
  for (DeviceLife& life : lives) life.hours[20].means[0] = 1e300;
  const auto model = RulFit::Fit(kMetrics, lives, kCap);
  ASSERT_TRUE(model.ok());
  EXPECT_LT(model->quality().rmse_hours, 15);
}

TEST(RulModelTest, FewFailuresTeachNothing) {
  EXPECT_EQ(RulFit::Fit(kMetrics, Lives(9, 1), kCap).status().code(), StatusCode::kInvalid);
}

TEST(RulModelTest, TheUsualCapIsAShareOfTheMedianLife) {
  std::mt19937_64 random(6);
  const std::vector<DeviceLife> lives = {LifeOf(100, kBegin, &random), LifeOf(160, kBegin, &random),
                                         LifeOf(900, kBegin, &random)};
  EXPECT_DOUBLE_EQ(RulFit::UsualCap(lives), 100);
}

TEST(RulModelTest, AModelFileIsReadBack) {
  const RulModel model = Fitted();
  const std::string text = model.Encode();
  const auto read = RulModel::Decode(text);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->Encode(), text);
  EXPECT_EQ(read->metrics(), kMetrics);
  EXPECT_EQ(read->quality().lives, 20U);
  std::mt19937_64 random(7);
  const DeviceLife life = LifeOf(200, kBegin, &random);
  EXPECT_DOUBLE_EQ(Before(*read, life, 30).hours, Before(model, life, 30).hours);
  EXPECT_DOUBLE_EQ(Before(*read, life, 30).low, Before(model, life, 30).low);
}

TEST(RulModelTest, EveryDamageIsSeen) {
  const std::string text = Fitted().Encode();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = damaged[i] == '7' ? '3' : '7';
    EXPECT_FALSE(RulModel::Decode(damaged).ok()) << i;
    EXPECT_FALSE(RulModel::Decode(text.substr(0, i)).ok()) << i;
  }
}

TEST(RulModelTest, ANewerVersionIsNotTakenForDamage) {
  std::string text = Fitted().Encode();
  text.replace(0, 12, "avocet-rul 2");
  const auto model = RulModel::Decode(text);
  EXPECT_EQ(model.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(model.status().message().find("version 2"), std::string::npos);
}

}  // namespace
}  // namespace avocet
