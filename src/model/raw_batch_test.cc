#include "src/model/raw_batch.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(SharedBytes, AllocationHasZeroedPaddingBehindItsCapacity) {
  for (const size_t capacity : {size_t{0}, size_t{1}, size_t{4096}}) {
    const auto bytes = SharedBytes::Allocate(capacity);
    EXPECT_EQ(bytes->capacity, capacity);
    EXPECT_EQ(bytes->size, 0u);
    for (size_t i = 0; i < SharedBytes::kPadding; ++i) {
      EXPECT_EQ(bytes->data[capacity + i], '\0');
    }
  }
}

}  // namespace
}  // namespace avocet
