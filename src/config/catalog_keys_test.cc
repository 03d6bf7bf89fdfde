#include <gtest/gtest.h>

#include <string>

#include "src/config/config_testing.h"
#include "src/config/load.h"

namespace avocet {
namespace {

LoadedConfig Parse(const std::string& catalog) {
  return ParseConfig("catalog:\n" + catalog, "a.yaml", TestEnvironment, TestDetectors());
}

TEST(CatalogKeys, AreRead) {
  const LoadedConfig loaded = Parse(R"(
  url: https://uc.example.com
  flavor: databricks
  client_id: principal
  client_secret: ${TOKEN}
  location: s3://bucket/lake
  owner: platform
  grants: {analysts: "USE CATALOG, SELECT"}
  register_at_start: false
)");
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors.front().message;
  const CatalogConfig& catalog = loaded.config.catalog;
  EXPECT_TRUE(catalog.IsOn());
  EXPECT_EQ(catalog.flavor, CatalogFlavor::kDatabricks);
  EXPECT_EQ(catalog.client_secret, "s3cret: [");
  EXPECT_EQ(catalog.grants.at("analysts"), "USE CATALOG, SELECT");
  EXPECT_FALSE(catalog.register_at_start);
  EXPECT_EQ(DumpConfig(loaded.config).find("s3cret"), std::string::npos);
  EXPECT_FALSE(DefaultConfig(TestDetectors()).catalog.IsOn());
}

TEST(CatalogKeys, ThatExcludeOrNeedOthersSaySo) {
  const auto expect = [](const std::string& catalog, const std::string& message) {
    const LoadedConfig loaded = Parse(catalog);
    ASSERT_EQ(loaded.errors.size(), 1U) << catalog;
    EXPECT_EQ(loaded.errors.front().message, message);
  };
  expect("  token: a\n  token_file: b\n",
         "catalog has \"token\" and \"token_file\"; remove one of the two");
  expect("  token: a\n  client_id: b\n  client_secret: c\n",
         "catalog has \"token\" and \"client_id\"; remove one of the two");
  expect("  client_id: b\n",
         "catalog.client_id needs the key \"client_secret\" or \"client_secret_file\"");
  expect("  url: uc.example.com\n", "catalog.url must begin with https:// or http://");
}

}  // namespace
}  // namespace avocet
