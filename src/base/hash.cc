#include "src/base/hash.h"

#include <xxhash.h>

#include "src/base/hex.h"

namespace avocet {

uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string Hash128Hex(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return HexText(canonical.digest);
}

}  // namespace avocet
