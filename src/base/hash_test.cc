#include "src/base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

// Published XXH3 vectors of the empty input; the others pin what persisted files rely on.
TEST(Hash, ValuesNeverChange) {
  EXPECT_EQ(Hash64(""), 0x2D06800538D394C2u);
  EXPECT_EQ(Hash128Hex(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Hash64("avocet"), 0x6C809B14CE32A2CCu);
  EXPECT_EQ(Hash64("avocet", 7), 0x4B801D7A8297EB81u);
  EXPECT_EQ(Hash64(std::string(1000, 'x')), 0xC0A4877B962CBA82u);
  EXPECT_EQ(Hash128Hex("avocet"), "c522ca5d786c7c5cf35bc691a7850c55");
}

TEST(Hash, SeedAndEveryByteMatter) {
  EXPECT_NE(Hash64("a", 0), Hash64("a", 1));
  EXPECT_NE(Hash64(std::string_view("a\0", 2)), Hash64("a"));
  std::string bytes(64, '\0');
  const uint64_t before = Checksum64(bytes);
  for (char& byte : bytes) {
    byte ^= 1;
    EXPECT_NE(Checksum64(bytes), before);
    byte ^= 1;
  }
  EXPECT_EQ(Checksum64(bytes), before);
}

TEST(Hash, HexKeepsLeadingZeros) {
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(Hash128Hex(std::to_string(i)).size(), 32u);
}

}  // namespace
}  // namespace avocet
