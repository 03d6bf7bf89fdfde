#include "src/base/xxh64.h"

#define XXH_STATIC_LINKING_ONLY  // for a state by value
#include <fmt/format.h>
#include <xxhash.h>

namespace avocet {

struct Xxh64::State {
  XXH64_state_t hash;
};

Xxh64::Xxh64() : state_(std::make_unique<State>()) { XXH64_reset(&state_->hash, 0); }
Xxh64::~Xxh64() = default;

void Xxh64::Update(std::string_view bytes) {
  XXH64_update(&state_->hash, bytes.data(), bytes.size());
}

std::string Xxh64::Hex() const { return fmt::format("{:016x}", XXH64_digest(&state_->hash)); }

}  // namespace avocet
