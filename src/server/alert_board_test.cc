#include "src/server/alert_board.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/base/civil_time.h"

namespace avocet {
namespace {

constexpr int64_t kNow = 20'000 * kMicrosPerDay;

AlertChange Change(const std::string& id, int64_t number, AlertState state, int64_t time_us) {
  AlertChange change;
  change.id = id;
  change.number = number;
  change.rule = "heat";
  change.device = "Press-7";
  change.metric = "t";
  change.state = state;
  change.severity = AlertSeverity::kCritical;
  change.event_time_us = change.opened_us = time_us;
  change.reason = "it is hot";
  return change;
}

OperatorEntry Entry(int64_t id, const std::string& alert, OperatorAction action,
                    const std::string& text = "") {
  return {.at_us = 1, .actor = "ann", .action = action, .alert_id = alert, .text = text, .id = id};
}

TEST(AlertBoardTest, AnAlertGoesThroughItsStages) {
  AlertBoard board(10);
  const auto stage = [&] { return AlertStageName(board.Get("x")->stage()); };
  board.Add(std::vector{Change("x", 0, AlertState::kPending, 1)});
  EXPECT_EQ(stage(), "pending");
  board.Add(std::vector{Change("x", 1, AlertState::kFiring, 2)});
  EXPECT_EQ(stage(), "open");
  board.AddEntries(std::vector{Entry(1, "x", OperatorAction::kAcknowledge)});
  EXPECT_EQ(stage(), "acknowledged");
  board.Add(std::vector{Change("x", 2, AlertState::kCleared, 3)});
  EXPECT_EQ(stage(), "cleared");
  const auto alert = board.Get("x");
  EXPECT_EQ(alert->steps.size(), 3U);
  EXPECT_EQ(alert->fired_us, 2);
  EXPECT_FALSE(board.Get("y"));
}

TEST(AlertBoardTest, ChangesComeInAnyOrderAndTwice) {
  AlertBoard board(10);
  const std::vector changes = {Change("x", 2, AlertState::kCleared, 3),
                               Change("x", 0, AlertState::kPending, 1),
                               Change("x", 1, AlertState::kFiring, 2)};
  board.Add(changes);
  const uint64_t last = board.last();
  board.Add(changes);
  board.AddEntries(std::vector{Entry(1, "nobody", OperatorAction::kComment, "hm")});
  EXPECT_EQ(board.last(), last);
  const auto alert = board.Get("x");
  EXPECT_EQ(alert->last.number, 2);
  ASSERT_EQ(alert->steps.size(), 3U);
  EXPECT_EQ(alert->steps[1].state, AlertState::kFiring);
}

TEST(AlertBoardTest, SimilarAlertsAreEarlierOnesOfTheDeviceElseOfOthers) {
  AlertBoard board(20);
  const auto add = [&](const std::string& id, const std::string& device, int64_t time_us,
                       AlertState state = AlertState::kFiring) {
    AlertChange change = Change(id, 0, state, time_us);
    change.device = device;
    board.Add(std::vector{change});
  };
  const auto similar = [&](const std::string& id, bool of_device, size_t found,
                           const std::vector<std::string>& want) {
    const SimilarAlerts got = board.Similar(board.Get(id)->last, 2);
    std::vector<std::string> ids;
    for (const BoardAlert& alert : got.alerts) ids.push_back(alert.last.id);
    EXPECT_EQ(ids, want) << id;
    EXPECT_EQ(got.found, found) << id;
    EXPECT_EQ(got.of_device, of_device) << id;
  };
  add("a1", "a", 1);
  add("a2", "a", 2);
  add("a3", "a", 3);
  add("a4", "a", 4);
  add("b5", "b", 5);
  add("a6", "a", 6, AlertState::kPending);  // never fired
  AlertChange other = Change("a7", 0, AlertState::kFiring, 7);
  other.device = "a";
  other.metric = "humidity";
  board.Add(std::vector{other});
  similar("a1", false, 0, {});
  similar("a4", true, 3, {"a3", "a2"});
  similar("b5", false, 4, {"a4", "a3"});
  similar("a6", true, 4, {"a4", "a3"});
  similar("a7", false, 0, {});
}

TEST(AlertBoardTest, WhatIsSimilarIsASentence) {
  AlertBoard board(20);
  const auto add = [&](const std::string& id, int64_t number, AlertState state, int64_t minute) {
    AlertChange change = Change(id, number, state, minute * 60'000'000);
    change.opened_us = id == "x" ? 0 : 60'000'000;
    board.Add(std::vector{change});
  };
  add("x", 0, AlertState::kFiring, 0);
  add("y", 0, AlertState::kFiring, 1);
  EXPECT_EQ(board.Similar(board.Get("x")->last, 1).Sentence(), "");
  EXPECT_EQ(board.Similar(board.Get("y")->last, 1).Sentence(),
            "1 time on this device, last 1970-01-01T00:00:00Z");
  add("x", 1, AlertState::kCleared, 20);
  board.AddEntries(std::vector{Entry(1, "x", OperatorAction::kLabel, "false-positive")});
  EXPECT_EQ(board.Similar(board.Get("y")->last, 1).Sentence(),
            "1 time on this device, last 1970-01-01T00:00:00Z, which cleared after 20m and was "
            "labelled false-positive");
}

TEST(AlertBoardTest, FindsNewestFirstAndCountsStages) {
  AlertBoard board(10);
  for (int i = 0; i < 5; ++i) {
    board.Add(std::vector{Change("x" + std::to_string(i), 0, AlertState::kFiring, i)});
  }
  board.Add(std::vector{Change("x0", 1, AlertState::kCleared, 9)});
  AlertFilter filter;
  AlertBoard::Page page = board.Find(filter, 2);
  EXPECT_EQ(page.matching, 5U);
  ASSERT_EQ(page.alerts.size(), 2U);
  EXPECT_EQ(page.alerts[0].last.id, "x0");
  filter.stage = AlertStage::kOpen;
  filter.text = "press";
  page = board.Find(filter, 100);
  EXPECT_EQ(page.matching, 4U);
  EXPECT_EQ(page.stages[static_cast<size_t>(AlertStage::kCleared)], 1U);
  filter.severity = "info";
  EXPECT_EQ(board.Find(filter, 100).matching, 0U);
}

TEST(AlertBoardTest, ForgetsClearedOnesFirst) {
  AlertBoard board(3);
  board.Add(std::vector{Change("open", 0, AlertState::kFiring, 1)});
  board.Add(std::vector{Change("over", 0, AlertState::kFiring, 2)});
  board.Add(std::vector{Change("over", 1, AlertState::kCleared, 3)});
  EXPECT_EQ(board.complete_from_us(), INT64_MIN);
  board.Add(
      std::vector{Change("a", 0, AlertState::kFiring, 4), Change("b", 0, AlertState::kFiring, 5)});
  EXPECT_TRUE(board.Get("open"));
  EXPECT_FALSE(board.Get("over"));
  EXPECT_EQ(board.complete_from_us(), 4);
}

TEST(AlertBoardTest, TellsWhatHasChangedOnce) {
  AlertBoard board(10);
  board.Add(
      std::vector{Change("x", 0, AlertState::kFiring, 1), Change("y", 0, AlertState::kFiring, 1)});
  AlertBoard::Part part = board.ChangedAfter(0, 10);
  ASSERT_EQ(part.alerts.size(), 2U);
  EXPECT_TRUE(board.ChangedAfter(part.last, 10).alerts.empty());
  board.AddEntries(std::vector{Entry(1, "x", OperatorAction::kLabel, "false-positive")});
  part = board.ChangedAfter(part.last, 10);
  ASSERT_EQ(part.alerts.size(), 1U);
  EXPECT_EQ(part.alerts[0].last.id, "x");
}

TEST(AlertBoardTest, CountsWhatRulesDid) {
  AlertBoard board(100);
  for (int day = 0; day < 40; ++day) {
    board.Add(std::vector{
        Change("x" + std::to_string(day), 0, AlertState::kFiring, kNow - day * kMicrosPerDay - 1)});
  }
  board.Add(std::vector{Change("p", 0, AlertState::kPending, kNow - 1),
                        Change("p", 1, AlertState::kCleared, kNow)});
  board.AddEntries(std::vector{Entry(1, "x0", OperatorAction::kLabel, "false-positive"),
                               Entry(2, "x1", OperatorAction::kLabel, "true-positive"),
                               Entry(3, "x2", OperatorAction::kAcknowledge)});
  const auto activities = board.Activity(kNow, 30);
  const RuleActivity& heat = activities.at("heat");
  EXPECT_EQ(heat.fires, 30);
  EXPECT_EQ(heat.never_fired, 1);
  EXPECT_EQ(heat.open, 30);
  EXPECT_EQ(heat.false_positives, 1);
  EXPECT_EQ(heat.true_positives, 1);
  EXPECT_EQ(heat.acknowledged, 1);
  EXPECT_EQ(heat.fires_per_day, std::vector<int64_t>(30, 1));
  EXPECT_EQ(heat.devices.at("Press-7"), 30);
}

}  // namespace
}  // namespace avocet
