#include "src/alert/spike_count.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/alert/spike_alert.h"
#include "src/base/glob.h"

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;

AlertRuleConfig Rule() {
  AlertRuleConfig rule;
  rule.name = "r";
  rule.type = AlertRuleType::kFleetSpike;
  rule.spike_window = std::chrono::seconds(60);
  rule.spike_min_count = 5;
  rule.spike_history = std::chrono::hours(1);
  rule.hold_off = std::chrono::seconds(0);
  return rule;
}

TEST(SpikeCountTest, CountsASlidingWindow) {
  const AlertRuleConfig rule = Rule();
  SpikeCount count;
  for (const int64_t second : {0, 5, 10, 59}) {
    count.Advance(rule, second * kSecond);
    count.Add();
  }
  EXPECT_EQ(count.count(), 4);
  EXPECT_EQ(count.NextStep(rule), 60 * kSecond);
  count.Advance(rule, 60 * kSecond);
  EXPECT_EQ(count.count(), 2);
  count.Advance(rule, 500 * kSecond);
  EXPECT_EQ(count.count(), 0);
}

TEST(SpikeCountTest, NothingIsUnusualBeforeThreeWindows) {
  const AlertRuleConfig rule = Rule();
  SpikeCount count;
  count.Advance(rule, 0);
  count.Advance(rule, 179 * kSecond);
  EXPECT_TRUE(std::isinf(count.Threshold(rule)));
  count.Advance(rule, 180 * kSecond);
  EXPECT_EQ(count.Threshold(rule), 5);
}

// Time that passes in one leap or in small steps is the same, to the last bit.
TEST(SpikeCountTest, StepsOfTimeDoNotMatter) {
  const AlertRuleConfig rule = Rule();
  SpikeCount leaps, steps;
  int64_t time_us = 0;
  for (int i = 0; i < 400; ++i) {
    const int64_t gap_us = (i * 7919 % 97) * (i % 50 == 0 ? 100 : 1) * kSecond;
    for (int64_t passed_us = 0; passed_us < gap_us; passed_us += 3 * kSecond) {
      steps.Advance(rule, time_us + passed_us);
    }
    time_us += gap_us;
    steps.Advance(rule, time_us);
    leaps.Advance(rule, time_us);
    steps.Add();
    leaps.Add();
    ASSERT_EQ(leaps.Mean(rule), steps.Mean(rule)) << i;
    ASSERT_EQ(leaps.Threshold(rule), steps.Threshold(rule)) << i;
  }
}

TEST(SpikeAlertTest, TimeBeforeTheFirstAnomalyDoesNotCount) {
  const AlertRuleConfig rule = Rule();
  SpikeAlert told, not_told;
  std::vector<AlertChange> changes, others;
  const AlertEpisode::Subject fleet = {.device = {}, .metric = {}, .label = "fleet"};
  for (int64_t second = 0; second < 400; second += 7) {
    told.OnTime(rule, fleet, second * kSecond, &changes);
  }
  // Some now and then, and then many at once.
  for (int64_t i = 0; i < 100; ++i) {
    const int64_t second = 400 + std::min<int64_t>(i, 40) * 7;
    told.OnAnomaly(rule, fleet, second * kSecond, &changes);
    not_told.OnAnomaly(rule, fleet, second * kSecond, &others);
  }
  ASSERT_FALSE(changes.empty());
  ASSERT_EQ(changes.size(), others.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(EncodeAlertChange(changes[i]), EncodeAlertChange(others[i]));
  }
}

TEST(SpikeAlertTest, FiresAboveTheUsualAndClears) {
  const AlertRuleConfig rule = Rule();
  SpikeAlert spike;
  std::vector<AlertChange> changes;
  const AlertEpisode::Subject fleet = {.device = {}, .metric = {}, .label = "fleet"};
  // Two a minute are usual.
  for (int64_t minute = 0; minute < 30; ++minute) {
    spike.OnAnomaly(rule, fleet, minute * 60 * kSecond, &changes);
    spike.OnAnomaly(rule, fleet, (minute * 60 + 30) * kSecond, &changes);
  }
  ASSERT_TRUE(changes.empty());
  for (int64_t i = 0; i < 20; ++i) spike.OnAnomaly(rule, fleet, 1800 * kSecond + i, &changes);
  ASSERT_EQ(changes.size(), 2U);  // Firing, and then critical.
  EXPECT_EQ(changes[0].state, AlertState::kFiring);
  EXPECT_EQ(changes[0].strongest.value, changes[0].strongest.upper);
  EXPECT_NEAR(changes[0].strongest.expected, 2, 0.5);
  EXPECT_EQ(changes[1].severity, AlertSeverity::kCritical);
  spike.OnTime(rule, fleet, 1859 * kSecond, &changes);
  EXPECT_EQ(changes.size(), 2U);
  spike.OnTime(rule, fleet, 1860 * kSecond, &changes);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[2].state, AlertState::kCleared);
  EXPECT_EQ(changes[2].event_time_us, 1860 * kSecond);
  EXPECT_FALSE(spike.IsActive());
}

TEST(GlobTest, StarsAndQuestionMarks) {
  const auto f = [](std::string_view pattern, std::string_view text, bool want) {
    EXPECT_EQ(MatchesGlob(pattern, text), want) << pattern << " " << text;
  };
  f("", "", true);
  f("", "a", false);
  f("*", "", true);
  f("*", "abc", true);
  f("press-*", "press-1", true);
  f("press-*", "pres-1", false);
  f("?", "a", true);
  f("?", "", false);
  f("a?c", "abc", true);
  f("*b*", "abc", true);
  f("*ab", "aab", true);
  f("a*b*c", "a-b-b-c", true);
  f("a*b*c", "a-b-b-", false);
  f("a", "A", false);
}

}  // namespace
}  // namespace avocet
