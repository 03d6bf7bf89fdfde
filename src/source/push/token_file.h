// Token files: who may send readings, one token per line, without the secrets themselves.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/bearer_tokens.h"

namespace avocet {

/// Reads lines of "<name> <SHA-256 of the secret, hexadecimal> [device prefix]"; blank lines and
/// those that begin with "#" are passed over. kConfig names the first line that is wrong, and a
/// file without any token.
Result<BearerTokens> ReadTokenFile(const std::string& path, Env* env);

}  // namespace avocet
