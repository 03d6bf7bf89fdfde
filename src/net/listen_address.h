// ListenAddress: where a server waits for connections, as in "127.0.0.1:8080" or "[::1]:8080".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

struct ListenAddress {
  std::string host = "127.0.0.1";  ///< an IPv4 or IPv6 address, without brackets
  uint16_t port = 0;               ///< 0: any free one

  /// Only programs of this machine can connect.
  bool IsLoopback() const;
  /// As it was written, with the brackets of IPv6.
  std::string Text() const;

  bool operator==(const ListenAddress&) const = default;
};

/// Reads "address:port"; "localhost" is 127.0.0.1. kInvalid for anything else, names included:
/// which interfaces are open must not depend on a name server.
Result<ListenAddress> ParseListenAddress(std::string_view text);

/// True for localhost and loopback addresses, with or without brackets, without a port.
bool IsLoopbackHost(std::string_view host);

}  // namespace avocet
