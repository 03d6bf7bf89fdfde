// Why the certificate of a server is not trusted, in words that say how to mend it.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace avocet {

/// `code` is an error of verification, X509_V_ERR_...; `certificate` is the one that it is about,
/// and may be null. `authorities` is the option that names the authorities to trust. Begins in
/// lower case, as in "the certificate expired on 2026-01-31 ...".
std::string CertificateFault(long code, const X509* certificate, std::string_view authorities);

/// The same for a certificate in DER, as libraries pass it on.
std::string CertificateFault(long code, const char* der, size_t size, std::string_view authorities);

}  // namespace avocet
