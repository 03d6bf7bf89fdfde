#include "src/base/spoken_time.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace avocet {
namespace {

TEST(SpokenTime, IsToTheSecond) {
  EXPECT_EQ(SpokenTime(1'623'781'706'000'022), "2021-06-15T18:28:26Z");
  EXPECT_EQ(SpokenTime(1'623'781'706'500'000), "2021-06-15T18:28:27Z");
  EXPECT_EQ(SpokenTime(-1), "1970-01-01T00:00:00Z");
  EXPECT_FALSE(SpokenTime(INT64_MAX).empty());
  EXPECT_FALSE(SpokenTime(INT64_MIN).empty());
}

TEST(SpokenDuration, IsToWhatMatters) {
  EXPECT_EQ(SpokenDuration(0), "0s");
  EXPECT_EQ(SpokenDuration(17), "17us");
  EXPECT_EQ(SpokenDuration(850'400), "850ms");
  EXPECT_EQ(SpokenDuration(9'500'022), "9s500ms");
  EXPECT_EQ(SpokenDuration(2'629'999'978), "43m50s");
  EXPECT_EQ(SpokenDuration(300'000'000), "5m");
  EXPECT_EQ(SpokenDuration(18'719'999'000), "5h12m");
  EXPECT_EQ(SpokenDuration(86'399'999'999), "1d");
  EXPECT_EQ(SpokenDuration(274'000'000'000), "3d4h");
  EXPECT_FALSE(SpokenDuration(INT64_MAX).empty());
}

}  // namespace
}  // namespace avocet
