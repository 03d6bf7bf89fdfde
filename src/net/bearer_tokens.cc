#include "src/net/bearer_tokens.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <utility>

#include "src/base/check.h"
#include "src/base/hex.h"
#include "src/net/http_message.h"

namespace avocet {

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  AVOCET_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return HexText({digest.data(), size});
}

std::string RandomSecret(std::string_view prefix, int words, Env* env) {
  std::string secret(prefix);
  for (int i = 0; i < words; ++i) secret += fmt::format("{:016x}", env->Random64());
  return secret;
}

void BearerTokens::Add(std::string_view secret, BearerToken token) {
  tokens_.insert_or_assign(Sha256Hex(secret), std::move(token));
}

void BearerTokens::AddHash(std::string_view sha256_hex, BearerToken token) {
  tokens_.insert_or_assign(std::string(sha256_hex), std::move(token));
}

const BearerToken* BearerTokens::Find(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  if (!EqualsIgnoringCase(authorization.substr(0, kScheme.size()), kScheme)) return nullptr;
  std::string_view secret = authorization.substr(kScheme.size());
  while (secret.starts_with(' ')) secret.remove_prefix(1);
  const auto found = tokens_.find(Sha256Hex(secret));
  return found == tokens_.end() ? nullptr : &found->second;
}

}  // namespace avocet
