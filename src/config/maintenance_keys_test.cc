#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/config/config_testing.h"
#include "src/config/load.h"

namespace avocet {
namespace {

constexpr const char* kText = R"(
schema: {metrics: {temperature: {}}}
maintenance:
  - name: overhaul
    from: 2026-01-31T06:00:00Z
    until: 2026-02-01
    devices: ["press-*", oven-1]
    metrics: temperature
  - {every: "sat 22:00-06:00 Europe/Berlin"}
)";

void ExpectWindows(const LoadedConfig& loaded) {
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors.front().message;
  const std::vector<MaintenanceConfig>& windows = loaded.config.maintenance;
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].name, "overhaul");
  EXPECT_EQ(windows[0].from_us, 1'769'839'200'000'000);
  EXPECT_EQ(windows[0].until_us, 1'769'904'000'000'000);
  EXPECT_EQ(windows[0].devices, (std::vector<std::string>{"press-*", "oven-1"}));
  EXPECT_EQ(windows[0].metrics, std::vector<std::string>{"temperature"});
  EXPECT_EQ(windows[1].name, "maintenance");
  EXPECT_EQ(windows[1].every, "sat 22:00-06:00 Europe/Berlin");
  EXPECT_EQ(windows[1].from_us, 0);
  EXPECT_TRUE(windows[1].devices.empty());
}

TEST(MaintenanceKeys, AreReadAndShown) {
  const LoadedConfig loaded = ParseConfig(kText, "a.yaml", TestEnvironment, TestDetectors());
  ExpectWindows(loaded);
  ExpectWindows(ParseConfig(DumpConfig(loaded.config, TestDetectors()), "dump.yaml",
                            TestEnvironment, TestDetectors()));
}

}  // namespace
}  // namespace avocet
