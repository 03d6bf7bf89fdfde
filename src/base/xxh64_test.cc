#include "src/base/xxh64.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(Xxh64Test, KnownDigests) {
  EXPECT_EQ(Xxh64().Hex(), "ef46db3751d8e999");
  Xxh64 hash;
  hash.Update("a");
  hash.Update("bc");
  EXPECT_EQ(hash.Hex(), "44bc2cf5ad770999");
}

}  // namespace
}  // namespace avocet
