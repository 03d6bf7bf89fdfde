// PinnedHost: the host of a URL, resolved once and judged, so that a connection goes there and
// nowhere else.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct PinnedHost {
  std::string name;  ///< without brackets
  std::string pin;   ///< as CURLOPT_RESOLVE wants it
};

/// kInvalid when the URL has none of the schemes, kUnavailable when the host cannot be resolved,
/// kPermission when no address is public and private ones are not allowed.
Result<PinnedHost> PinHost(const std::string& url, std::initializer_list<const char*> schemes,
                           bool allow_private);

/// The addresses of a host that may be connected to; never empty. kUnavailable and kPermission as
/// above.
Result<std::vector<std::string>> ResolveAllowed(const std::string& host, const std::string& port,
                                                bool allow_private);

}  // namespace avocet
