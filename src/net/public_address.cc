#include "src/net/public_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace avocet {
namespace {

struct Block4 {
  uint32_t network;
  int bits;
};

// RFC 6890, and the registries it began.
constexpr Block4 kNotPublic4[] = {
    {0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10}, {0x7F000000, 8},  {0xA9FE0000, 16},
    {0xAC100000, 12}, {0xC0000000, 24}, {0xC0000200, 24}, {0xC0A80000, 16}, {0xC6120000, 15},
    {0xC6336400, 24}, {0xCB007100, 24}, {0xE0000000, 4},  {0xF0000000, 4},
};

bool IsPublic4(uint32_t address) {
  for (const Block4& block : kNotPublic4) {
    if ((address ^ block.network) >> (32 - block.bits) == 0) return false;
  }
  return true;
}

using Bytes6 = std::array<uint8_t, 16>;

uint32_t Embedded4(const Bytes6& bytes, size_t at) {
  return static_cast<uint32_t>(bytes[at]) << 24 | static_cast<uint32_t>(bytes[at + 1]) << 16 |
         static_cast<uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

bool IsPublic6(const Bytes6& bytes) {
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  static constexpr uint8_t kTranslated[12] = {0, 0x64, 0xFF, 0x9B};
  if (std::memcmp(bytes.data(), kMapped, 12) == 0) return IsPublic4(Embedded4(bytes, 12));
  if (std::memcmp(bytes.data(), kTranslated, 12) == 0) return IsPublic4(Embedded4(bytes, 12));
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return IsPublic4(Embedded4(bytes, 2));
  const bool documentation =
      bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0D && bytes[3] == 0xB8;
  // Only 2000::/3 is given out.
  return bytes[0] >> 5 == 1 && !documentation;
}

}  // namespace

bool IsPublicAddress(std::string_view address) {
  const std::string text(address);
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return IsPublic4(ntohl(four.s_addr));
  Bytes6 six{};
  return ::inet_pton(AF_INET6, text.c_str(), six.data()) == 1 && IsPublic6(six);
}

}  // namespace avocet
