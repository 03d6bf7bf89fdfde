#include "src/config/restart_keys.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using Keys = std::vector<std::string>;

TEST(KeysThatNeedRestart, AreThoseOfTheLakeAndTheServer) {
  const Config running;
  Config wanted;
  wanted.log.level = "debug";
  wanted.alerts.channels.emplace_back().name = "ops";
  wanted.detectors.emplace_back().name = "zscore";
  EXPECT_EQ(KeysThatNeedRestart(running, wanted), Keys());
  wanted.storage.lake = "./other";
  wanted.server.listen = "127.0.0.1:9000";
  EXPECT_EQ(KeysThatNeedRestart(running, wanted), (Keys{"lake", "server.listen"}));
}

TEST(KeysThatNeedRestart, TheDashboardStaysWhereItsSourceListens) {
  Config running;
  running.sources.emplace_back().options = HttpSourceConfig{.listen = "127.0.0.1:9000"};
  Config wanted;
  wanted.sources.emplace_back().options = HttpSourceConfig{.listen = "127.0.0.1:9001"};
  EXPECT_EQ(KeysThatNeedRestart(running, wanted), Keys{"sources[].http.listen"});
  running.server.listen = wanted.server.listen = "127.0.0.1:9002";
  EXPECT_EQ(KeysThatNeedRestart(running, wanted), Keys());
}

}  // namespace
}  // namespace avocet
