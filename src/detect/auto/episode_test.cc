#include "src/detect/auto/episode.h"

#include <gtest/gtest.h>

namespace avocet::auto_detect {
namespace {

constexpr int64_t kReadingUs = 10'000'000;
constexpr float kPeriodS = 10;

size_t Update(Episode* episode, const Scores& scores, int64_t time_us, float period_s) {
  return episode->Update(scores, HighestOf(scores), time_us, period_s);
}

/// Readings in turn, of which `channel` is above 1.
class Readings {
 public:
  size_t Hot(Channel channel, float score = 2) {
    Scores scores{};
    scores[channel] = score;
    return Update(&episode_, scores, time_us_ += kReadingUs, kPeriodS);
  }
  void Calm(int readings) {
    for (int i = 0; i < readings; ++i) {
      EXPECT_EQ(Update(&episode_, Scores{}, time_us_ += kReadingUs, kPeriodS), kNumChannels);
    }
  }
  const Episode& episode() const { return episode_; }

 private:
  Episode episode_{};
  int64_t time_us_ = 1'700'000'000'000'000;
};

TEST(EpisodeTest, LastsUntilACalmOfAllThatSpeak) {
  Readings readings;
  EXPECT_EQ(readings.Hot(kSpike), kSpike);
  readings.Calm(60);
  EXPECT_EQ(readings.Hot(kNoise), kNumChannels);  // part of it
  readings.Calm(99);
  EXPECT_EQ(readings.Hot(kDip), kNumChannels);
  readings.Calm(100);
  EXPECT_TRUE(readings.episode().is_open());
  readings.Calm(1);
  EXPECT_FALSE(readings.episode().is_open());
  EXPECT_EQ(readings.Hot(kSpike), kSpike);
  EXPECT_TRUE(readings.episode().IsPlausible());
}

TEST(EpisodeTest, WhatIsNewIsCalmAfterAQuarterOfTheTime) {
  Readings readings;
  EXPECT_EQ(readings.Hot(kNovelty), kNovelty);
  readings.Calm(25);
  EXPECT_TRUE(readings.episode().is_open());
  readings.Calm(1);
  EXPECT_FALSE(readings.episode().is_open());
  EXPECT_EQ(readings.Hot(kNovelty), kNovelty);
}

TEST(EpisodeTest, TheStrongestOfSeveralIsRaised) {
  Episode episode{};
  Scores scores{};
  scores[kSpike] = 1.5F;
  scores[kNoise] = 3;
  EXPECT_EQ(Update(&episode, scores, kReadingUs, kPeriodS), kNoise);
  EXPECT_EQ(episode.onset_us(), kReadingUs);
}

TEST(EpisodeTest, AChannelThatFiresTooOftenIsMutedForAWhile) {
  Readings readings;
  for (int alarm = 0; alarm < 2; ++alarm) {
    EXPECT_EQ(readings.Hot(kStuck), kStuck);
    readings.Calm(200);
  }
  EXPECT_EQ(readings.Hot(kStuck), kNumChannels);
  readings.Calm(200);
  EXPECT_EQ(readings.Hot(kDead), kDead);  // another channel may speak
  readings.Calm(10'000);
  EXPECT_EQ(readings.Hot(kStuck), kStuck);
}

TEST(EpisodeTest, WhatComesWithAnAnomalyOfAnotherKindMutesNothing) {
  const auto raised_after = [](Channel type, Channel with) {
    Readings readings;
    EXPECT_EQ(readings.Hot(type), type);
    for (int i = 1; i <= 12; ++i) {  // it lasts, and the other comes every two hundred readings
      readings.Calm(50);
      EXPECT_EQ(readings.Hot(type), kNumChannels);
      if (i % 4 == 0) {
        EXPECT_EQ(readings.Hot(with), kNumChannels);
      }
    }
    readings.Calm(200);
    return readings.Hot(with);
  };
  EXPECT_EQ(raised_after(kNoise, kLevel), kLevel);
  EXPECT_EQ(raised_after(kSpike, kDip), kNumChannels);  // what jumps up comes down
  EXPECT_EQ(raised_after(kPeer, kDrift), kNumChannels);
}

struct Term {
  float period_s;
  int calm, mute;  // readings
};

// The terms of slow series are times, as long as some readings are within them.
class EpisodeTermTest : public testing::TestWithParam<Term> {};

TEST_P(EpisodeTermTest, FollowsTheUsualTimeBetweenTwoReadings) {
  const auto [period_s, calm, mute] = GetParam();
  const auto step_us = static_cast<int64_t>(period_s * 1e6F);
  Episode episode{};
  Scores hot{};
  hot[kSpike] = 2;
  int64_t time_us = 1'700'000'000'000'000;
  const auto readings_while = [&](const auto& holds) {
    int readings = 0;
    for (; holds(); ++readings) Update(&episode, Scores{}, time_us += step_us, period_s);
    return readings;
  };
  for (int alarm = 0; alarm < 2; ++alarm) {
    ASSERT_EQ(Update(&episode, hot, time_us += step_us, period_s), kSpike);
    EXPECT_NEAR(readings_while([&] { return episode.is_open(); }), calm, 1 + calm / 50);
  }
  ASSERT_EQ(Update(&episode, hot, time_us += step_us, period_s), kNumChannels);
  const int muted = readings_while([&] { return episode.IsMuted(kSpike); });
  EXPECT_NEAR(muted, mute, 1 + mute / 50);  // what was held back counts, too
  EXPECT_TRUE(episode.IsPlausible());
}

INSTANTIATE_TEST_SUITE_P(, EpisodeTermTest,
                         testing::Values(Term{0.1F, 10'000, 500'000},  // as one of 10 s
                                         Term{10, 100, 5000},          // readings
                                         Term{60, 60, 3000},           // an hour, 50 hours
                                         Term{300, 12, 600},           // the same
                                         Term{3600, 6, 50},            // readings again
                                         Term{86'400, 6, 50}));

TEST(EpisodeTest, TimeRunsOffEvenInStepsFarBelowATick) {
  Episode episode{};
  Scores scores{};
  scores[kSpike] = 2;
  int64_t time_us = 1'700'000'000'000'000;
  EXPECT_EQ(Update(&episode, scores, time_us, kPeriodS), kSpike);
  int readings = 0;
  for (; episode.is_open(); ++readings) Update(&episode, Scores{}, time_us += 10'000, kPeriodS);
  EXPECT_NEAR(readings, 100'000, 1000);
}

}  // namespace
}  // namespace avocet::auto_detect
