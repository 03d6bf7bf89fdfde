#include <gtest/gtest.h>

#include <string>

#include "src/config/config_testing.h"
#include "src/config/load.h"

namespace avocet {
namespace {

LoadedConfig Parse(const std::string& lineage) {
  return ParseConfig("lineage:\n" + lineage, "a.yaml", TestEnvironment, TestDetectors());
}

TEST(LineageKeys, AreRead) {
  const LoadedConfig loaded = Parse(R"(
  url: https://marquez.example.com/api/v1/lineage
  folder: /var/log/lineage
  namespace: plants
  job: plant_7
  token: ${TOKEN}
)");
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors.front().message;
  const LineageConfig& lineage = loaded.config.lineage;
  EXPECT_TRUE(lineage.IsOn());
  EXPECT_EQ(lineage.folder, "/var/log/lineage");
  EXPECT_EQ(lineage.job_namespace, "plants");
  EXPECT_EQ(lineage.job_name, "plant_7");
  EXPECT_EQ(DumpConfig(loaded.config).find("s3cret"), std::string::npos);
  EXPECT_FALSE(DefaultConfig(TestDetectors()).lineage.IsOn());
}

TEST(LineageKeys, ThatExcludeOthersSaySo) {
  const auto expect = [](const std::string& lineage, const std::string& message) {
    const LoadedConfig loaded = Parse(lineage);
    ASSERT_EQ(loaded.errors.size(), 1U) << lineage;
    EXPECT_EQ(loaded.errors.front().message, message);
  };
  expect("  token: a\n  token_file: b\n",
         "lineage has \"token\" and \"token_file\"; remove one of the two");
  expect("  url: marquez\n", "lineage.url must begin with https:// or http://");
}

}  // namespace
}  // namespace avocet
