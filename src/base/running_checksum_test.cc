#include "src/base/running_checksum.h"

#include <gtest/gtest.h>

#include <string>

#include "src/base/hash.h"

namespace avocet {
namespace {

TEST(RunningChecksum64Test, IsThatOfTheWhole) {
  std::string whole;
  RunningChecksum64 running;
  EXPECT_EQ(running.value(), Checksum64(whole));
  for (size_t size = 0; size < 2000; size = size * 2 + 1) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    whole += part;
    running.Add(part);
    EXPECT_EQ(running.value(), Checksum64(whole));
  }
}

}  // namespace
}  // namespace avocet
