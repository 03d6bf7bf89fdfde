// PEM: certificates and private keys as text.
#pragma once

#include <cstdint>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

/// kInvalid, as in "has no certificate in PEM", unless `pem` begins with a certificate that is
/// valid at `now_us`, microseconds since 1970.
Status CheckCertificates(std::string_view pem, int64_t now_us);

/// kInvalid unless `pem` is a private key that can be used without a passphrase, and that of the
/// first certificate in `certificate_pem`, if there is any.
Status CheckPrivateKey(std::string_view pem, std::string_view certificate_pem);

}  // namespace avocet
