#include "src/engine/fingerprint.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(StateFingerprint, MaintenanceThatHasNotBegunHasNotShapedTheState) {
  const Config none;
  const auto with = [](MaintenanceConfig window) {
    Config config;
    config.maintenance.push_back(std::move(window));
    return config;
  };
  const Config later = with({.name = "a", .from_us = 100});
  EXPECT_EQ(StateFingerprint(none, 99), StateFingerprint(later, 99));
  EXPECT_NE(StateFingerprint(none, 100), StateFingerprint(later, 100));
  EXPECT_NE(StateFingerprint(none, 99), StateFingerprint(with({.every = "daily 00:00-01:00"}), 99));
  // Its end matters once it has come.
  const Config ends = with({.name = "b", .from_us = 100, .until_us = 200});
  EXPECT_EQ(StateFingerprint(later, 199), StateFingerprint(ends, 199));
  EXPECT_NE(StateFingerprint(later, 200), StateFingerprint(ends, 200));
}

TEST(StateFingerprint, WhoIsToldDoesNotShapeState) {
  const Config none;
  Config told;
  told.log.level = "debug";
  told.alerts.channels.emplace_back().name = "ops";
  EXPECT_EQ(StateFingerprint(none, 0), StateFingerprint(told, 0));
  told.alerts.rules.emplace_back().name = "hot";
  EXPECT_NE(StateFingerprint(none, 0), StateFingerprint(told, 0));
}

TEST(StateFingerprint, OnlyLabelsThatSomethingAsksForShapeState) {
  const auto with = [](const std::string& site, const std::string& owner) {
    Config config;
    config.devices.labels = {{{"press-*"}, {{"site", site}}}};
    config.devices.listed = {{"press-1", {{"owner", owner}}}};
    return config;
  };
  EXPECT_EQ(StateFingerprint(Config(), 0), StateFingerprint(with("north", "ann"), 0));
  Config rule = with("north", "ann");
  rule.alerts.rules.emplace_back().labels = {{"site", "n*"}};
  Config moved = with("south", "ann"), sold = with("north", "bob");
  moved.alerts = sold.alerts = rule.alerts;
  EXPECT_NE(StateFingerprint(rule, 0), StateFingerprint(moved, 0));
  EXPECT_EQ(StateFingerprint(rule, 0), StateFingerprint(sold, 0));
  sold.devices.peers = "owner";
  EXPECT_NE(StateFingerprint(rule, 0), StateFingerprint(sold, 0));
}

}  // namespace
}  // namespace avocet
