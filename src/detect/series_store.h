// SeriesStore: the states of one metric's series, one per device slot, in one flat array, and
// optionally a fixed block of doubles per series that exists from its first reading on.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/base/check.h"
#include "src/base/status.h"
#include "src/detect/snapshot_header.h"
#include "src/state/state_io.h"

namespace avocet {

/// State is trivially copyable and without padding; an empty State takes no memory.
template <typename State>
class SeriesStore {
 public:
  /// `block_size`: doubles per series, 0 for none.
  explicit SeriesStore(size_t block_size) : block_size_(block_size) {}

  /// Makes slots [0, num_slots) usable. Memory grows by a quarter, not by doubling: a fleet of a
  /// million devices should not pay for two.
  void Grow(size_t num_slots) {
    if (num_slots <= num_slots_) return;
    num_slots_ = num_slots;
    if constexpr (!kEmptyState) GrowVector(&states_, num_slots);
    if (block_size_ != 0) GrowVector(&blocks_, num_slots);
  }

  size_t num_slots() const { return num_slots_; }

  State& state(uint32_t slot) {
    if constexpr (kEmptyState) {
      return nothing_;
    } else {
      AVOCET_DCHECK(slot < states_.size());
      return states_[slot];
    }
  }

  /// Null when there are no blocks.
  double* block(uint32_t slot) {
    if (block_size_ == 0) return nullptr;
    auto& block = blocks_[slot];
    if (block == nullptr) [[unlikely]] {
      block = std::make_unique<double[]>(block_size_);
      ++num_blocks_;
    }
    return block.get();
  }

  void Prefetch(uint32_t slot) const {
    if constexpr (!kEmptyState) __builtin_prefetch(states_.data() + slot, 1);
    if (block_size_ != 0) __builtin_prefetch(blocks_[slot].get(), 1);
  }

  size_t StateBytes() const {
    const size_t state_bytes = kEmptyState ? 0 : states_.capacity() * sizeof(State);
    return state_bytes + blocks_.capacity() * sizeof(blocks_[0]) +
           num_blocks_ * block_size_ * sizeof(double);
  }

  void Save(StateWriter* out) const {
    out->Put<uint64_t>(num_slots_);
    if constexpr (!kEmptyState) out->PutArray(std::span<const State>(states_));
    for (const auto& block : blocks_) {
      out->PutArray(std::span<const double>(block.get(), block == nullptr ? 0 : block_size_));
    }
  }

  /// REQUIRES: empty. `is_plausible(state, block)` rejects what would do harm. After an error the
  /// store must be thrown away.
  template <typename IsPlausible>
  Status Load(StateReader* in, IsPlausible is_plausible) {
    uint64_t num_slots = 0;
    AVOCET_RETURN_IF_ERROR(in->Get(&num_slots));
    if constexpr (!kEmptyState) {
      AVOCET_RETURN_IF_ERROR(in->GetArray(&states_));
      if (states_.size() != num_slots) return StateDoesNotFit("the number of series");
    }
    num_slots_ = num_slots;
    if (block_size_ != 0) AVOCET_RETURN_IF_ERROR(LoadBlocks(in));
    if constexpr (!kEmptyState) {
      for (size_t slot = 0; slot < num_slots; ++slot) {
        const double* block = block_size_ == 0 ? nullptr : blocks_[slot].get();
        if (!is_plausible(states_[slot], block)) return StateDoesNotFit("a series");
      }
    }
    return Status::Ok();
  }

 private:
  static constexpr bool kEmptyState = std::is_empty_v<State>;
  static_assert(std::is_trivially_copyable_v<State>);

  template <typename T>
  static void GrowVector(std::vector<T>* vector, size_t size) {
    if (size > vector->capacity()) {
      vector->reserve(std::max(size, vector->capacity() + vector->capacity() / 4));
    }
    vector->resize(size);
  }

  Status LoadBlocks(StateReader* in) {
    std::vector<double> values;
    // Slot by slot: a damaged count must not make us allocate before its bytes are seen to exist.
    for (size_t slot = 0; slot < num_slots_; ++slot) {
      AVOCET_RETURN_IF_ERROR(in->GetArray(&values));
      auto& block = blocks_.emplace_back();
      if (values.empty()) continue;
      if (values.size() != block_size_) return StateDoesNotFit("the memory of a series");
      block = std::make_unique<double[]>(block_size_);
      std::copy(values.begin(), values.end(), block.get());
      ++num_blocks_;
    }
    return Status::Ok();
  }

  size_t block_size_;
  size_t num_slots_ = 0;
  size_t num_blocks_ = 0;  // allocated ones
  std::vector<State> states_;
  std::vector<std::unique_ptr<double[]>> blocks_;
  [[no_unique_address]] State nothing_{};
};

}  // namespace avocet
