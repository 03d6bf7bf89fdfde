// BlockPool: blocks of bytes that come back when the last batch that uses them is gone.
#pragma once

#include <cstddef>
#include <memory>

#include "src/model/raw_batch.h"

namespace avocet {

/// Touching fresh memory costs as much as reading a file into it, so blocks of kBlockBytes are used
/// again; at most kFreeBlocks lie idle. Blocks may be released on any thread, and may outlive the
/// pool.
class BlockPool {
 public:
  static constexpr size_t kBlockBytes = size_t{1} << 20;
  static constexpr size_t kFreeBlocks = 8;

  BlockPool();

  /// An empty block of at least `capacity` bytes.
  std::shared_ptr<SharedBytes> Take(size_t capacity);

 private:
  struct FreeList;
  std::shared_ptr<FreeList> free_;
};

}  // namespace avocet
