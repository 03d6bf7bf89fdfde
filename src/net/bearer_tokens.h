// BearerTokens: who may talk to a server, by the secret in "Authorization: Bearer ...".
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "src/env/env.h"

namespace avocet {

struct BearerToken {
  std::string name;           ///< for logs and tables; not secret
  std::string device_prefix;  ///< it speaks only of devices that begin so; empty: of all
};

/// Keeps only SHA-256 hashes of the secrets, so that neither a dump of the memory gives them away
/// nor the time of a comparison.
class BearerTokens {
 public:
  void Add(std::string_view secret, BearerToken token);
  /// Adds a token of which only the hash is known, 64 lower-case hexadecimal digits.
  void AddHash(std::string_view sha256_hex, BearerToken token);
  bool empty() const { return tokens_.empty(); }

  /// The token of an Authorization header, null when it has none that is known.
  const BearerToken* Find(std::string_view authorization) const;

 private:
  std::map<std::string, BearerToken, std::less<>> tokens_;  // by hash
};

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

/// `prefix` and so many words of 64 random bits as hexadecimal digits.
std::string RandomSecret(std::string_view prefix, int words, Env* env);

}  // namespace avocet
