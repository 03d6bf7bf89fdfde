#include "src/detect/auto/episode.h"

#include <gtest/gtest.h>

namespace avocet::auto_detect {
namespace {

constexpr int64_t kReadingUs = 10'000'000;
constexpr int64_t kCalmUs = 100 * kReadingUs;

/// Readings in turn, of which `channel` is above 1.
class Readings {
 public:
  size_t Hot(Channel channel, float score = 2) {
    Scores scores{};
    scores[channel] = score;
    return episode_.Update(scores, time_us_ += kReadingUs, kCalmUs);
  }
  void Calm(int readings) {
    for (int i = 0; i < readings; ++i) {
      EXPECT_EQ(episode_.Update(Scores{}, time_us_ += kReadingUs, kCalmUs), kNumChannels);
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
  EXPECT_EQ(episode.Update(scores, kReadingUs, kCalmUs), kNoise);
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

TEST(EpisodeTest, TimeRunsOffEvenInStepsFarBelowATick) {
  Episode episode{};
  Scores scores{};
  scores[kSpike] = 2;
  int64_t time_us = 1'700'000'000'000'000;
  EXPECT_EQ(episode.Update(scores, time_us, kCalmUs), kSpike);
  int readings = 0;
  for (; episode.is_open(); ++readings) episode.Update(Scores{}, time_us += 10'000, kCalmUs);
  EXPECT_NEAR(readings, 100'000, 1000);
}

}  // namespace
}  // namespace avocet::auto_detect
