#include "src/source/lake_claim.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

const LakeAddress kLake{"other-id", "host-2", "/data/\"b\"", "c/raw/readings", "/var/b"};

TEST(LakeClaim, ReadsWhatItWrites) {
  for (const bool released : {false, true}) {
    for (const char* from : {"", R"({"offset":7})"}) {
      const auto read = ParseLakeClaim(
          EncodeLakeClaim({.released = released, .source = "kafka", .lake = kLake, .from = from}));
      ASSERT_TRUE(read.has_value());
      EXPECT_EQ(read->released, released);
      EXPECT_EQ(read->source, "kafka");
      EXPECT_EQ(read->lake, kLake);
      EXPECT_EQ(read->from, from);
    }
  }
}

TEST(LakeClaim, TextOfOthersIsNone) {
  for (const char* text : {"", "NO_METADATA", "{}", R"({"avocet":"claimed"})",
                           R"({"avocet":"eaten","table":"t"})", R"({"avocet":"claimed","table")"}) {
    EXPECT_FALSE(ParseLakeClaim(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace avocet
