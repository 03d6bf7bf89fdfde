#include "src/alert/notifier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "src/alert/alert_text.h"
#include "src/env/sim_env.h"

namespace avocet {
namespace {

using Outcome = AlertDelivery::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What the receivers of a test get, and how they answer.
struct Post {
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> messages;     // by channel: ids, "+" in digests
  std::map<std::string, std::vector<std::string>> references;   // by channel, as they came
  std::map<std::string, std::vector<std::string>> titles;       // by channel
  std::map<std::string, std::vector<std::string>> seen_before;  // by channel
  std::map<std::string, std::vector<Labels>> labels;            // by channel, of the first change
  std::map<std::string, std::vector<AlertDelivery>> answers;    // by channel; then all are taken

  std::vector<std::string> Messages(const std::string& channel) {
    const std::lock_guard lock(mutex);
    return messages[channel];
  }
  size_t Changes(const std::string& channel) {
    const std::lock_guard lock(mutex);
    size_t count = 0;
    for (const std::string& ids : messages[channel]) {
      count += 1 + static_cast<size_t>(std::count(ids.begin(), ids.end(), '+'));
    }
    return count;
  }
};

class FakeChannel final : public AlertChannel {
 public:
  FakeChannel(std::string name, Post* post) : name_(std::move(name)), post_(post) {}
  AlertDelivery Send(const AlertMessage& message) override {
    const std::lock_guard lock(post_->mutex);
    auto& answers = post_->answers[name_];
    if (!answers.empty()) {
      AlertDelivery answer = answers.front();
      answers.erase(answers.begin());
      if (answer.outcome != Outcome::kDelivered) return answer;
    }
    std::string ids;
    for (const AlertChange* change : message.changes) {
      ids += (ids.empty() ? "" : "+") + change->id + "." + std::to_string(change->number);
    }
    post_->messages[name_].push_back(ids);
    post_->references[name_].push_back(message.reference);
    post_->titles[name_].push_back(AlertTitle(message));
    post_->seen_before[name_].push_back(message.seen_before);
    post_->labels[name_].push_back(message.LabelsOf(0));
    AlertDelivery delivery;
    delivery.reference = "ref-" + message.change().id;
    return delivery;
  }

 private:
  const std::string name_;
  Post* const post_;
};

AlertDelivery Answer(Outcome outcome) {
  AlertDelivery delivery;
  delivery.outcome = outcome;
  delivery.problem = "no";
  delivery.retry_after = milliseconds(1);
  return delivery;
}

AlertChange Change(const std::string& id, int64_t number = 0) {
  AlertChange change;
  change.id = id;
  change.number = number;
  change.rule = "r";
  change.device = "d";
  change.state = AlertState::kFiring;
  change.fired = true;
  return change;
}

class NotifierTest : public ::testing::Test {
 protected:
  NotifierTest() {
    path_ = ::testing::TempDir() + "avocet_notifier_" + std::to_string(Env::Posix()->ProcessId()) +
            "_" + std::to_string(Env::Posix()->Random64()) + ".db";
    AddChannel("a");
  }
  ~NotifierTest() override {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const Status ignored = Env::Posix()->Remove(path_ + suffix);
      static_cast<void>(ignored);
    }
  }

  void AddChannel(const std::string& name) {
    AlertChannelConfig channel;
    channel.name = name;
    channel.rate_limit = 0;
    channel.device_rate_limit = 0;
    config_.channels.push_back(channel);
  }

  std::unique_ptr<Notifier> Start() {
    auto notifier =
        Notifier::Start({.config = config_,
                         .devices = devices_,
                         .env = env_,
                         .outbox_path = path_,
                         .make_channel =
                             [this](const AlertChannelConfig& config, Env*) {
                               return std::make_unique<FakeChannel>(config.name, &post_);
                             },
                         .latency = &latency_,
                         .look_back = look_back_,
                         .first_retry = milliseconds(1),
                         .longest_retry = longest_retry_});
    EXPECT_TRUE(notifier.ok()) << notifier.status().message();
    return std::move(notifier).value();
  }

  static int64_t Drain(Notifier* notifier, milliseconds limit = seconds(30)) {
    const auto waiting = notifier->Drain(limit);
    EXPECT_TRUE(waiting.ok()) << waiting.status().message();
    return waiting.ok() ? *waiting : -1;
  }

  /// Publishes an alert of the device and waits until the channel "a" has so many messages.
  void Tell(Notifier* notifier, const std::string& device, const AlertChange& alert, size_t count) {
    AlertChange change = alert;
    change.device = device;
    notifier->Publish(std::vector{change});
    for (int i = 0; i < 60'000 && post_.Messages("a").size() < count; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    ASSERT_EQ(post_.Messages("a").size(), count);
  }

  /// Of the channel "a", once the last message is noted as delivered.
  static int64_t Held(Notifier* notifier, int64_t expected) {
    int64_t waiting = -1;
    for (int i = 0; i < 60'000 && waiting != expected; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
      waiting = notifier->Counts()->at(0).waiting;
    }
    return waiting;
  }

  Env* env_ = Env::Posix();
  std::string path_;
  AlertsConfig config_;
  DevicesConfig devices_;
  MessageLatency latency_;
  std::function<std::string(const AlertChange&)> look_back_;
  milliseconds longest_retry_{10};
  Post post_;
};

TEST_F(NotifierTest, DeliversInOrderToEveryChannel) {
  AddChannel("b");
  const auto notifier = Start();
  for (const char* id : {"x", "y", "z"}) {
    notifier->Publish(std::vector{Change(id)});
    EXPECT_EQ(Drain(notifier.get()), 0);
  }
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"x.0", "y.0", "z.0"}));
  EXPECT_EQ(post_.Messages("b"), post_.Messages("a"));
}

TEST_F(NotifierTest, PublishDoesNotWaitForAnOutboxThatFails) {
  const auto notifier = Start();
  const auto breaker = SqliteDb::Open(path_);
  ASSERT_TRUE(breaker.ok());
  ASSERT_TRUE((*breaker)->Execute("DROP TABLE outbox").ok());
  std::vector<AlertChange> changes;
  for (int i = 0; i < 1000; ++i) changes.push_back(Change("x" + std::to_string(i)));
  for (int i = 0; i < 210; ++i) notifier->Publish(changes);
  EXPECT_FALSE(notifier->WaitUntilStored().ok());
}

TEST_F(NotifierTest, WhatComesAgainIsNotSentAgain) {
  {
    const auto notifier = Start();
    notifier->Publish(std::vector{Change("x"), Change("x", 1)});
    EXPECT_EQ(Drain(notifier.get()), 0);
  }
  const auto notifier = Start();
  notifier->Publish(std::vector{Change("x"), Change("x", 1), Change("x", 2)});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"x.0", "x.1", "x.2"}));
  EXPECT_EQ(post_.references["a"], (std::vector<std::string>{"", "ref-x", "ref-x"}));
}

TEST_F(NotifierTest, WhatAReadingBroughtAboutIsTimedFromItsArrivalAcrossRuns) {
  for (int i = 0; i < 1000; ++i) post_.answers["a"].push_back(Answer(Outcome::kRetry));
  {
    const auto notifier = Start();
    notifier->Publish(std::vector{Change("x")}, Env::Posix()->NowMicros() - 60'000'000);
    notifier->Publish(std::vector{Change("of the pipeline")});
    ASSERT_TRUE(notifier->WaitUntilStored().ok());
  }
  EXPECT_EQ(latency_.at(MessageStage::kDelivered).count(), 0U);
  post_.answers.clear();
  const auto notifier = Start();
  EXPECT_EQ(Drain(notifier.get()), 0);
  for (const LatencyHistogram& stage : latency_.stages) {
    EXPECT_EQ(stage.count(), 1U);
    EXPECT_GE(stage.Quantile(1.0), seconds(60));
  }
}

TEST_F(NotifierTest, AFileOfAnEarlierLayoutIsTakenOver) {
  {
    const auto notifier = Start();
    notifier->Publish(std::vector{Change("x")});
    EXPECT_EQ(Drain(notifier.get()), 0);
  }
  const auto earlier = SqliteDb::Open(path_);
  ASSERT_TRUE(earlier.ok());
  ASSERT_TRUE((*earlier)->Execute("ALTER TABLE outbox DROP COLUMN arrived_us").ok());
  const auto notifier = Start();
  notifier->Publish(std::vector{Change("y")});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"x.0", "y.0"}));
}

TEST_F(NotifierTest, TriesAgainUntilItIsTaken) {
  for (int i = 0; i < 20; ++i) post_.answers["a"].push_back(Answer(Outcome::kRetry));
  const auto notifier = Start();
  notifier->Publish(std::vector{Change("x"), Change("y")});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"x.0", "y.0"}));
}

TEST_F(NotifierTest, WhatIsRefusedForGoodIsNotedAndTheNextGoesOn) {
  for (int i = 0; i < 8; ++i) post_.answers["a"].push_back(Answer(Outcome::kRefused));
  const auto notifier = Start();
  notifier->Publish(std::vector{Change("x"), Change("y")});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"y.0"}));
  const auto standings = notifier->outbox().Standings();
  ASSERT_TRUE(standings.ok());
  EXPECT_EQ(standings->at(0).failed, 1);
  EXPECT_EQ(standings->at(0).delivered, 1);
}

TEST_F(NotifierTest, WhatWaitsIsDeliveredByTheNextRun) {
  for (int i = 0; i < 1000; ++i) post_.answers["a"].push_back(Answer(Outcome::kRetry));
  {
    const auto notifier = Start();
    notifier->Publish(std::vector{Change("x")});
    ASSERT_TRUE(notifier->WaitUntilStored().ok());
  }
  post_.answers.clear();
  const auto notifier = Start();
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), std::vector<std::string>{"x.0"});
}

// As often as it is tried in six hours, with a minute between tries, and alerts all the while.
TEST_F(NotifierTest, SixHoursOfAReceiverThatIsAwayLoseNothing) {
  constexpr size_t kTries = 6 * 60;
  AlertDelivery away;
  away.outcome = Outcome::kRetry;
  away.problem = "cannot connect";
  post_.answers["a"].assign(kTries, away);
  longest_retry_ = milliseconds(1);
  const auto notifier = Start();
  size_t published = 0;
  const auto publish = [&](size_t count) {
    for (; count > 0; --count, ++published) {
      notifier->Publish(std::vector{Change(fmt::format("x{}", published))});
    }
    ASSERT_TRUE(notifier->WaitUntilStored().ok());
  };
  publish(1);
  for (bool is_away = true; is_away;) {
    publish(1);
    const std::lock_guard lock(post_.mutex);
    is_away = !post_.answers["a"].empty();
  }
  publish(1);
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Changes("a"), published);
  const auto counts = notifier->Counts();
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->front().retried, kTries);
  EXPECT_EQ(counts->front().failed, 0U);
}

// 10,000 devices at once: a few messages, and every alert is in one of them.
TEST_F(NotifierTest, AStormIsAFewDigestsAndNothingIsLost) {
  config_.channels[0].rate_limit = 20;
  const auto notifier = Start();
  std::vector<AlertChange> storm;
  for (int i = 0; i < 10'000; ++i) storm.push_back(Change("s" + std::to_string(i)));
  notifier->Publish(storm);
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_LE(post_.Messages("a").size(), 20U);
  EXPECT_EQ(post_.Changes("a"), 10'000U);
}

TEST_F(NotifierTest, BeyondTheRateAlertsWaitForADigest) {
  config_.channels[0].rate_limit = 3;
  const auto notifier = Start();
  for (int i = 0; i < 8; ++i) {
    notifier->Publish(std::vector{Change("x" + std::to_string(i))});
    Drain(notifier.get(), milliseconds(i < 3 ? 30'000 : 20));
  }
  EXPECT_EQ(post_.Messages("a").size(), 3U);
  EXPECT_EQ(Drain(notifier.get(), milliseconds(10)), 5);
}

TEST_F(NotifierTest, BeyondItsLimitADeviceWaitsForADigestAndOthersGoOn) {
  SimEnv env;
  env_ = &env;
  config_.channels[0].device_rate_limit = 2;
  const auto notifier = Start();
  Tell(notifier.get(), "noisy", Change("x"), 1);
  Tell(notifier.get(), "noisy", Change("y"), 2);
  AlertChange cleared = Change("x", 1);
  cleared.state = AlertState::kCleared;
  for (const AlertChange& change : {cleared, Change("z"), Change("z", 1)}) {
    Tell(notifier.get(), "noisy", change, 2);
  }
  Tell(notifier.get(), "calm", Change("c"), 3);
  Tell(notifier.get(), "", Change("fleet"), 4);
  EXPECT_EQ(Held(notifier.get(), 3), 3);
  env.AdvanceClock(std::chrono::minutes(31));
  Tell(notifier.get(), "calm", Change("c", 1), 6);
  std::vector<std::string> messages = post_.Messages("a");
  ASSERT_EQ(messages.size(), 6U);
  // Both are due now, in either order.
  const size_t digest = messages[4] == "c.1" ? 5 : 4;
  EXPECT_EQ(post_.titles["a"][digest], "3 alerts of device noisy");
  std::swap(messages[4], messages[digest]);
  EXPECT_EQ(messages,
            (std::vector<std::string>{"x.0", "y.0", "c.0", "fleet.0", "x.1+z.0+z.1", "c.1"}));
}

TEST_F(NotifierTest, WhatIsHeldOfADeviceGoesOutAtTheEnd) {
  config_.channels[0].device_rate_limit = 1;
  const auto notifier = Start();
  Tell(notifier.get(), "noisy", Change("x"), 1);
  Tell(notifier.get(), "noisy", Change("x", 1), 1);
  Tell(notifier.get(), "noisy", Change("x", 2), 1);
  Tell(notifier.get(), "calm", Change("c"), 2);
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"x.0", "c.0", "x.1+x.2"}));
}

TEST_F(NotifierTest, ARestartDoesNotRenewTheLimitOfADevice) {
  config_.channels[0].device_rate_limit = 2;
  {
    const auto notifier = Start();
    Tell(notifier.get(), "noisy", Change("x"), 1);
    Tell(notifier.get(), "noisy", Change("y"), 2);
    Tell(notifier.get(), "calm", Change("c"), 3);
  }
  const auto notifier = Start();
  Tell(notifier.get(), "noisy", Change("z"), 3);
  Tell(notifier.get(), "calm", Change("c", 1), 4);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"x.0", "y.0", "c.0", "c.1"}));
  EXPECT_EQ(Held(notifier.get(), 1), 1);
}

TEST(DeviceBudgetsTest, ForgetsDevicesThatHaveAllOfItAgain) {
  DeviceBudgets budgets(3);
  for (int hour = 1; hour <= 50; ++hour) {
    const std::chrono::hours now(hour);
    for (int i = 0; i < 1'000; ++i) {
      const std::string device = fmt::format("{} in {}", i, hour);
      budgets.Spend(device, now);
      budgets.Spend(device, now);
      EXPECT_EQ(budgets.Available(device, now), 1);
    }
    EXPECT_EQ(budgets.Available(fmt::format("0 in {}", hour - 1), now), 3);
  }
  EXPECT_LE(budgets.size(), 4'000U);
}

TEST_F(NotifierTest, MutedAlertsAreRecordedAndNotSent) {
  const auto log = OperatorLog::Open(path_);
  ASSERT_TRUE(log.ok());
  const int64_t now_us = Env::Posix()->NowMicros();
  Mute mute;
  mute.created_us = now_us - 1;
  mute.until_us = now_us + 3'600'000'000;
  mute.actor = "ann";
  mute.device = "press-*";
  const auto id = (*log)->AddMute(mute);
  ASSERT_TRUE(id.ok());
  const auto notifier = Start();
  AlertChange muted = Change("x");
  muted.device = "press-7";
  notifier->Publish(std::vector{muted, Change("y")});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), std::vector<std::string>{"y.0"});
  EXPECT_EQ(notifier->outbox().Standings()->at(0).silenced, 1);
  ASSERT_TRUE((*log)->EndMute(*id, Env::Posix()->NowMicros()).ok());
  EXPECT_FALSE((*log)->EndMute(*id, Env::Posix()->NowMicros()).ok());
  muted.id = "z";
  notifier->Publish(std::vector{muted});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"y.0", "z.0"}));
}

TEST_F(NotifierTest, AMuteByLabelHoldsForItsDevices) {
  devices_.labels = {{{"n*"}, {{"site", "north"}}}};
  const auto log = OperatorLog::Open(path_);
  ASSERT_TRUE(log.ok());
  Mute mute;
  mute.until_us = INT64_MAX;
  mute.labels = {{"line", ""}, {"site", "no*"}};
  ASSERT_TRUE((*log)->AddMute(mute).ok());
  EXPECT_EQ((*log)->Mutes(0)->at(0).labels, mute.labels);
  const auto notifier = Start();
  AlertChange muted = Change("x"), told = Change("y");
  muted.device = "n1";
  told.device = "s1";
  notifier->Publish(std::vector{muted, told});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), std::vector<std::string>{"y.0"});
}

TEST_F(NotifierTest, AlertsOfAGroupGoOutTogether) {
  devices_.labels = {{{"n*"}, {{"site", "north"}}}};
  config_.channels[0].group_by = {"rule", "site"};
  config_.channels[0].group_wait = std::chrono::hours(1);
  const auto notifier = Start();
  std::vector<AlertChange> changes = {Change("n1"), Change("s1"), Change("n2"), Change("n3")};
  for (AlertChange& change : changes) change.device = change.id;
  changes[3].rule = "other";
  notifier->Publish(changes);
  ASSERT_TRUE(notifier->WaitUntilStored().ok());
  EXPECT_TRUE(post_.Messages("a").empty());  // they wait for more
  EXPECT_EQ(Drain(notifier.get()), 0);       // until there is nothing more to wait for
  EXPECT_EQ(post_.Messages("a"), (std::vector<std::string>{"n1.0+n2.0", "s1.0", "n3.0"}));
  EXPECT_EQ(post_.titles["a"], (std::vector<std::string>{"2 alerts of rule r, site north",
                                                         "WARNING: s1", "WARNING: n3"}));
}

TEST_F(NotifierTest, AGroupWaitsNoLongerThanItsTime) {
  config_.channels[0].group_by = {"rule"};
  config_.channels[0].group_wait = std::chrono::milliseconds(30);
  const auto notifier = Start();
  notifier->Publish(std::vector{Change("x"), Change("y")});
  while (post_.Messages("a").empty()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(post_.Messages("a"), std::vector<std::string>{"x.0+y.0"});
}

TEST_F(NotifierTest, MessagesSayWhatLookedLikeThemBefore) {
  devices_.labels = {{{"*"}, {{"site", "north"}}}};
  look_back_ = [](const AlertChange& change) { return "like " + change.id; };
  const auto notifier = Start();
  AlertChange change = Change("x");
  change.device = "d";
  notifier->Publish(std::vector{change});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.seen_before["a"], std::vector<std::string>{"like x"});
  EXPECT_EQ(post_.labels["a"], (std::vector<Labels>{{{"site", "north"}}}));
}

TEST_F(NotifierTest, AMuteWithHoursHoldsOnlyThen) {
  const auto log = OperatorLog::Open(path_);
  ASSERT_TRUE(log.ok());
  Mute mute;
  mute.until_us = INT64_MAX;
  mute.schedule = "daily 00:00-24:00 Europe/Berlin";
  mute.rule = "at_all_hours";
  ASSERT_TRUE((*log)->AddMute(mute).ok());
  mute.schedule = "at night";
  EXPECT_EQ((*log)->AddMute(mute).status().code(), StatusCode::kInvalid);
  // Nine hours that begin six hours from now are over long before.
  const int64_t hour = Env::Posix()->NowMicros() / 3'600'000'000 % 24;
  mute.schedule = fmt::format("daily {:02}:00-{:02}:00", (hour + 6) % 24, (hour + 15) % 24);
  mute.rule = "later";
  ASSERT_TRUE((*log)->AddMute(mute).ok());
  const auto notifier = Start();
  AlertChange muted = Change("x"), told = Change("y");
  muted.rule = "at_all_hours";
  told.rule = "later";
  notifier->Publish(std::vector{muted, told});
  EXPECT_EQ(Drain(notifier.get()), 0);
  EXPECT_EQ(post_.Messages("a"), std::vector<std::string>{"y.0"});
}

TEST(WantsTest, ByRuleSeverityAndState) {
  AlertsConfig config;
  AlertRuleConfig rule;
  rule.name = "r";
  rule.channels = {"ops"};
  config.rules.push_back(rule);
  AlertChannelConfig ops, other;
  ops.name = "ops";
  other.name = "other";
  AlertChange change = Change("x");
  EXPECT_TRUE(Wants(config, ops, change));
  EXPECT_FALSE(Wants(config, other, change));
  ops.min_severity = AlertSeverity::kCritical;
  EXPECT_FALSE(Wants(config, ops, change));
  change.severity = AlertSeverity::kCritical;
  EXPECT_TRUE(Wants(config, ops, change));
  change.state = AlertState::kPending;
  EXPECT_FALSE(Wants(config, ops, change));
  change.state = AlertState::kCleared;
  EXPECT_TRUE(Wants(config, ops, change));
  change.fired = false;
  EXPECT_FALSE(Wants(config, ops, change));
}

}  // namespace
}  // namespace avocet
