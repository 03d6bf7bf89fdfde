#include "src/net/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "src/base/check.h"
#include "src/base/hex.h"

namespace avocet {

std::string HmacSha256Hex(std::string_view key, std::string_view message) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const unsigned char* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &size);
  AVOCET_CHECK(done != nullptr);
  return HexText({digest, size});
}

}  // namespace avocet
