#include "src/alert/message_forecast.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kMinute = 60'000'000;
constexpr int64_t kBegin = 1'700'000'000'000'000;

AlertChange FiringAt(int64_t time_us, const std::string& device = "d") {
  AlertChange change;
  change.rule = "r";
  change.device = device;
  change.state = AlertState::kFiring;
  change.fired = true;
  change.event_time_us = time_us;
  return change;
}

AlertsConfig OneChannel(int64_t rate_limit) {
  AlertsConfig config;
  AlertChannelConfig channel;
  channel.name = "ops";
  channel.rate_limit = rate_limit;
  channel.device_rate_limit = 0;
  config.channels.push_back(channel);
  return config;
}

TEST(MessageForecastTest, OneMessageForEachChangeWithinTheRate) {
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 100; ++i) changes.push_back(FiringAt(kBegin + i * kMinute));
  const auto forecasts = ForecastMessages(OneChannel(2), {}, changes, {});
  ASSERT_EQ(forecasts.size(), 1U);
  EXPECT_EQ(forecasts[0].messages, 100);
  EXPECT_EQ(forecasts[0].digests, 0);
}

TEST(MessageForecastTest, AStormIsADigestAndNothingIsLost) {
  std::vector<AlertChange> changes(2'500, FiringAt(kBegin));
  const auto forecasts = ForecastMessages(OneChannel(20), {}, changes, {});
  EXPECT_EQ(forecasts[0].messages, 0);
  EXPECT_EQ(forecasts[0].digests, 3);
  EXPECT_EQ(forecasts[0].digested, 2'500);
}

TEST(MessageForecastTest, BeyondTheRateAlertsWait) {
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 8; ++i) changes.push_back(FiringAt(kBegin + i * 1'000'000));
  const auto forecasts = ForecastMessages(OneChannel(3), {}, changes, {});
  EXPECT_EQ(forecasts[0].messages + forecasts[0].digested, 8);
  EXPECT_GE(forecasts[0].digests, 1);
  EXPECT_LE(forecasts[0].messages + forecasts[0].digests, 5);
}

TEST(MessageForecastTest, MutesHoldAsTheyDidThen) {
  Mute mute;
  mute.created_us = kBegin + 10 * kMinute;
  mute.until_us = kBegin + 20 * kMinute;
  mute.device = "press-*";
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 30; ++i) changes.push_back(FiringAt(kBegin + i * kMinute, "press-7"));
  const auto forecasts = ForecastMessages(OneChannel(0), {}, changes, {mute});
  EXPECT_EQ(forecasts[0].silenced, 10);
  EXPECT_EQ(forecasts[0].messages, 20);
}

TEST(MessageForecastTest, AGroupIsOneMessage) {
  AlertsConfig config = OneChannel(0);
  config.channels[0].group_by = {"site"};
  config.channels[0].group_wait = std::chrono::minutes(2);
  DevicesConfig devices;
  devices.labels = {{{"n*"}, {{"site", "north"}}}};
  std::vector<AlertChange> changes = {
      FiringAt(kBegin, "n1"), FiringAt(kBegin + kMinute, "x"), FiringAt(kBegin + kMinute, "n2"),
      FiringAt(kBegin + 2 * kMinute, "n3"), FiringAt(kBegin + 60 * kMinute, "n1")};
  const auto forecasts = ForecastMessages(config, devices, changes, {});
  // n1, n2 and what comes at the same moment as the end of the wait; x; n1 alone.
  EXPECT_EQ(forecasts[0].digests, 1);
  EXPECT_EQ(forecasts[0].digested, 3);
  EXPECT_EQ(forecasts[0].messages, 2);
}

TEST(MessageForecastTest, BeyondItsLimitADeviceWaitsForDigestsOfItsOwn) {
  AlertsConfig config = OneChannel(20);
  config.channels[0].device_rate_limit = 6;
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 360; ++i) changes.push_back(FiringAt(kBegin + i * kMinute / 3, "noisy"));
  const auto noisy = ForecastMessages(config, {}, changes, {})[0];
  // Six at once, and one each ten minutes until there is nothing more.
  EXPECT_EQ(noisy.messages + noisy.digests, 6 + 2 * 6);
  EXPECT_EQ(noisy.messages + noisy.digested, 360);
  for (int64_t i = 0; i < 5; ++i) {
    changes.insert(changes.begin() + 100 + i * 50, FiringAt(changes[100 + i * 50].event_time_us));
  }
  const auto both = ForecastMessages(config, {}, changes, {})[0];
  EXPECT_EQ(both.messages, noisy.messages + 5);  // the other device waits for nothing
  EXPECT_EQ(both.digested, noisy.digested);
}

TEST(MessageForecastTest, AMessageCountsForEachDeviceThatItNames) {
  AlertsConfig config = OneChannel(0);
  config.channels[0].device_rate_limit = 1;
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 10; ++i) {
    for (const char* device : {"a", "b", "c", "d", "e", "f"}) {
      changes.push_back(FiringAt(kBegin + i * kMinute, device));
    }
  }
  const auto forecasts = ForecastMessages(config, {}, changes, {});
  EXPECT_EQ(forecasts[0].digests, 2);  // one at once, and one after an hour
  EXPECT_EQ(forecasts[0].digested, 60);
  EXPECT_EQ(forecasts[0].messages, 0);
}

TEST(MessageForecastTest, TheFleetHasNoLimitOfADevice) {
  AlertsConfig config = OneChannel(0);
  config.channels[0].device_rate_limit = 1;
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 10; ++i) changes.push_back(FiringAt(kBegin + i * kMinute, ""));
  EXPECT_EQ(ForecastMessages(config, {}, changes, {})[0].messages, 10);
}

TEST(MessageForecastTest, AGroupOfADeviceBoundsWhatOneDeviceSends) {
  AlertsConfig config = OneChannel(20);
  config.channels[0].group_by = {"device"};
  config.channels[0].group_wait = std::chrono::minutes(10);
  std::vector<AlertChange> changes;
  for (int64_t i = 0; i < 180; ++i) changes.push_back(FiringAt(kBegin + i * kMinute / 3, "noisy"));
  changes.insert(changes.begin() + 90, FiringAt(kBegin + 30 * kMinute, "calm"));
  const auto forecasts = ForecastMessages(config, {}, changes, {});
  EXPECT_LE(forecasts[0].digests, 6);
  EXPECT_EQ(forecasts[0].digested, 180);
  EXPECT_EQ(forecasts[0].messages, 1);
}

}  // namespace
}  // namespace avocet
