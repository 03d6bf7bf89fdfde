#include "src/source/records/block_pool.h"

#include <mutex>
#include <utility>
#include <vector>

namespace avocet {

struct BlockPool::FreeList {
  std::mutex mutex;
  std::vector<std::shared_ptr<SharedBytes>> blocks;  // guarded by mutex

  std::shared_ptr<SharedBytes> Take() {
    const std::lock_guard lock(mutex);
    if (blocks.empty()) return nullptr;
    auto block = std::move(blocks.back());
    blocks.pop_back();
    return block;
  }

  void Put(std::shared_ptr<SharedBytes> block) {
    const std::lock_guard lock(mutex);
    if (blocks.size() < kFreeBlocks) blocks.push_back(std::move(block));
  }
};

BlockPool::BlockPool() : free_(std::make_shared<FreeList>()) {}

std::shared_ptr<SharedBytes> BlockPool::Take(size_t capacity) {
  // Larger blocks are rare, smaller ones are cheap: only one size is kept.
  if (capacity > kBlockBytes || capacity <= kBlockBytes / 2) return SharedBytes::Allocate(capacity);
  std::shared_ptr<SharedBytes> block = free_->Take();
  if (block == nullptr) block = SharedBytes::Allocate(kBlockBytes);
  block->size = 0;
  SharedBytes* bytes = block.get();
  return {bytes, [block = std::move(block), list = free_](SharedBytes*) mutable {
            list->Put(std::move(block));
          }};
}

}  // namespace avocet
