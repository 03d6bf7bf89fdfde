// Hashes that are the same on every platform and in every version, so they may be persisted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace avocet {

/// XXH3, 64 bits. Not for secrets: an attacker can make collisions.
uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);

/// XXH3, 128 bits, as 32 lower-case hexadecimal digits, most significant first.
std::string Hash128Hex(std::string_view bytes);

/// The checksum of persisted blocks. It detects damage, not forgery.
inline uint64_t Checksum64(std::string_view bytes) { return Hash64(bytes); }

}  // namespace avocet
