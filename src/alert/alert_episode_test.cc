#include "src/alert/alert_episode.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr AlertEpisode::Subject kSubject = {.device = "d", .metric = "t", .label = "t (degC)"};

AlertRuleConfig Rule() {
  AlertRuleConfig rule;
  rule.name = "r";
  rule.hold_off = std::chrono::seconds(0);
  rule.flap_fires = 0;
  return rule;
}

// Plays one reading a second: "A" is anomalous, "h" only keeps an alert firing, "." is normal,
// "C" is critical. Returns the changes as "p3 f5 c9": state and second.
std::string Play(const AlertRuleConfig& rule, const std::string& readings) {
  AlertEpisode episode;
  std::vector<AlertChange> changes;
  int64_t second = 0;
  for (const char reading : readings) {
    AlertObservation observation{.time_us = second++ * kSecond,
                                 .fires = reading == 'A' || reading == 'C',
                                 .holds = reading == 'A' || reading == 'C' || reading == 'h',
                                 .finding = {}};
    observation.finding.score = reading == 'C' ? 2 : 1;
    observation.finding.severity =
        reading == 'C' ? AlertSeverity::kCritical : AlertSeverity::kWarning;
    episode.Observe(rule, kSubject, observation, &changes);
  }
  std::string text;
  for (const AlertChange& change : changes) {
    if (!text.empty()) text += " ";
    text += change.state == AlertState::kFlapping ? 'F' : AlertStateName(change.state)[0];
    text += std::to_string(change.event_time_us / kSecond);
  }
  return text;
}

TEST(AlertEpisodeTest, FiresAtOnceAndClearsWithTheFirstQuietReading) {
  EXPECT_EQ(Play(Rule(), "..A.."), "f2 c3");
  EXPECT_EQ(Play(Rule(), "AAA"), "f0");
  EXPECT_EQ(Play(Rule(), "....."), "");
  EXPECT_EQ(Play(Rule(), "A.A."), "f0 c1 f2 c3");
}

TEST(AlertEpisodeTest, CountOfReadings) {
  AlertRuleConfig rule = Rule();
  rule.count = 3;
  rule.of = 5;
  EXPECT_EQ(Play(rule, "AAA."), "p0 f2 c3");
  EXPECT_EQ(Play(rule, "A.A.A"), "p0 f4");
  EXPECT_EQ(Play(rule, "A..A..A.....A"), "p0 c11 p12");
  rule.of = 3;
  EXPECT_EQ(Play(rule, "AA.AA....AAA"), "p0 c7 p9 f11");
}

TEST(AlertEpisodeTest, ForLong) {
  AlertRuleConfig rule = Rule();
  rule.duration = std::chrono::seconds(3);
  EXPECT_EQ(Play(rule, "AAAA."), "p0 f3 c4");
  EXPECT_EQ(Play(rule, "AAA.AAA."), "p0 c3 p4 c7");
  rule.count = 2;
  rule.of = 2;
  EXPECT_EQ(Play(rule, "AAAAAA"), "p0 f4");
}

TEST(AlertEpisodeTest, HoldsOnAndOff) {
  AlertRuleConfig rule = Rule();
  rule.hold_off = std::chrono::seconds(3);
  EXPECT_EQ(Play(rule, "A...."), "f0 c3");
  EXPECT_EQ(Play(rule, "A..A...."), "f0 c6");
  rule.hold_off = std::chrono::seconds(0);
  rule.hold_on = std::chrono::seconds(4);
  EXPECT_EQ(Play(rule, "A....."), "f0 c4");
}

TEST(AlertEpisodeTest, AWeakerAnomalyKeepsFiringButDoesNotFire) {
  EXPECT_EQ(Play(Rule(), "hh"), "");
  EXPECT_EQ(Play(Rule(), "Ahh."), "f0 c3");
  AlertRuleConfig rule = Rule();
  rule.hold_off = std::chrono::seconds(2);
  EXPECT_EQ(Play(rule, "A.h..."), "f0 c4");
}

TEST(AlertEpisodeTest, FlapsUntilCalm) {
  AlertRuleConfig rule = Rule();
  rule.flap_fires = 3;
  rule.flap_window = std::chrono::seconds(6);
  EXPECT_EQ(Play(rule, "A.A.A.A.A......"), "f0 c1 f2 c3 F4 c14");
  EXPECT_EQ(Play(rule, "A.A....A.A"), "f0 c1 f2 c3 f7 c8 f9");
  // Calm again, it starts from nothing.
  EXPECT_EQ(Play(rule, "A.A.A......A."), "f0 c1 f2 c3 F4 c10 f11 c12");
}

TEST(AlertEpisodeTest, TellsWhenItBecomesMoreSevere) {
  EXPECT_EQ(Play(Rule(), "AACC."), "f0 f2 c4");
  EXPECT_EQ(Play(Rule(), "CAA."), "f0 c3");
}

TEST(AlertEpisodeTest, IdIsOfTheAlertAndTheNumberOfTheChange) {
  AlertEpisode episode;
  std::vector<AlertChange> changes;
  const auto observe = [&](int64_t time_us, bool anomalous) {
    episode.Observe(Rule(), kSubject,
                    {.time_us = time_us, .fires = anomalous, .holds = anomalous, .finding = {}},
                    &changes);
  };
  // Two alerts at the same instant are two alerts.
  for (const bool anomalous : {true, false, true, false}) observe(7, anomalous);
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_EQ(changes[0].id, MakeAlertId("r", "d", "t", 7, 0));
  EXPECT_EQ(changes[0].id, changes[1].id);
  EXPECT_NE(changes[1].id, changes[2].id);
  EXPECT_EQ(changes[0].number, 0);
  EXPECT_EQ(changes[1].number, 1);
  EXPECT_EQ(changes[2].number, 0);
  EXPECT_EQ(changes[3].anomalies, 1);
}

// Whatever is observed: states follow each other as they should, numbers have no gap, times do not
// go back, and saving and loading between any two readings changes nothing.
TEST(AlertEpisodeTest, AnyReadingsMakeAWellFormedStory) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](uint32_t n) { return static_cast<int64_t>(random() % n); };
    AlertRuleConfig rule = Rule();
    rule.of = 1 + below(8);
    rule.count = 1 + below(static_cast<uint32_t>(rule.of));
    rule.duration = std::chrono::seconds(below(4));
    rule.hold_on = std::chrono::seconds(below(6));
    rule.hold_off = std::chrono::seconds(below(6));
    rule.flap_fires = below(5);
    rule.flap_window = std::chrono::seconds(1 + below(30));
    AlertEpisode straight, reloaded;
    std::vector<AlertChange> changes, again;
    int64_t time_us = 0;
    for (int i = 0; i < 200; ++i) {
      time_us += below(3) * kSecond;
      AlertObservation observation{
          .time_us = time_us, .fires = below(3) == 0, .holds = false, .finding = {}};
      observation.holds = observation.fires || below(8) == 0;
      observation.finding.score = static_cast<double>(below(10));
      observation.finding.severity = static_cast<AlertSeverity>(below(3));
      straight.Observe(rule, kSubject, observation, &changes);
      StateWriter writer;
      reloaded.Save(&writer);
      StateReader reader(writer.bytes());
      AlertEpisode loaded;
      ASSERT_TRUE(loaded.Load(&reader).ok());
      loaded.Observe(rule, kSubject, observation, &again);
      reloaded = std::move(loaded);
    }
    ASSERT_EQ(changes.size(), again.size()) << "seed " << seed;
    const AlertChange* last = nullptr;
    for (size_t i = 0; i < changes.size(); ++i) {
      const AlertChange& change = changes[i];
      ASSERT_EQ(EncodeAlertChange(change), EncodeAlertChange(again[i])) << "seed " << seed;
      const bool begins = last == nullptr || last->state == AlertState::kCleared;
      ASSERT_EQ(change.number, begins ? 0 : last->number + 1) << "seed " << seed;
      if (begins) {
        ASSERT_NE(change.state, AlertState::kCleared) << "seed " << seed;
        if (last != nullptr) {
          ASSERT_NE(change.id, last->id) << "seed " << seed;
        }
      } else {
        ASSERT_EQ(change.id, last->id) << "seed " << seed;
        ASSERT_NE(change.state, AlertState::kPending) << "seed " << seed;
        ASSERT_GE(change.event_time_us, last->event_time_us) << "seed " << seed;
        ASSERT_GE(change.severity, last->severity) << "seed " << seed;
      }
      last = &change;
    }
  }
}

}  // namespace
}  // namespace avocet
