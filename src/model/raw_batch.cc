#include "src/model/raw_batch.h"

#include <cstring>

namespace avocet {

std::shared_ptr<SharedBytes> SharedBytes::Allocate(size_t capacity) {
  auto bytes = std::make_shared<SharedBytes>();
  bytes->data = std::make_unique_for_overwrite<char[]>(capacity + kPadding);
  std::memset(bytes->data.get() + capacity, 0, kPadding);
  bytes->capacity = capacity;
  return bytes;
}

}  // namespace avocet
