// Which network addresses belong to the public internet.
#pragma once

#include <string_view>

namespace avocet {

/// False for addresses of private networks, of this machine and link, of documentation and
/// multicast, also when they are wrapped in an IPv6 address, and for text that is no address.
bool IsPublicAddress(std::string_view address);

}  // namespace avocet
