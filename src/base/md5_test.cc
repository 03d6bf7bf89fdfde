#include "src/base/md5.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const uint8_t byte : Md5(bytes)) text += fmt::format("{:02x}", byte);
  return text;
}

TEST(Md5, VectorsOfTheRfc) {
  EXPECT_EQ(Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Hex("a"), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(Hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

// Where the length moves into a block of its own.
TEST(Md5, LengthsAroundABlock) {
  EXPECT_EQ(Hex(std::string(55, 'x')), "04364420e25c512fd958a70738aa8f72");
  EXPECT_EQ(Hex(std::string(56, 'x')), "668a72d5ba17f08e62dabcafad6db14b");
  EXPECT_EQ(Hex(std::string(64, 'x')), "c1bb4f81d892b2d57947682aeb252456");
}

}  // namespace
}  // namespace avocet
