#include "src/net/certificate_fault.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "src/net/openssl_pointer.h"

namespace avocet {
namespace {

using Certificate = OpenSslPointer<X509, X509_free>;
using Names = OpenSslPointer<GENERAL_NAMES, GENERAL_NAMES_free>;

/// The day, as in " on 2026-01-31"; empty when it cannot be told.
std::string OnDay(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), " on %Y-%m-%d", &parts);
  return std::string(text.data(), size);
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* const shown =
      inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return shown == nullptr ? std::string() : std::string(shown);
}

/// The hosts that it is for, as in " but for a.example.com, 10.0.0.1".
std::string ButFor(const X509* certificate) {
  if (certificate == nullptr) return {};
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (name->type == GEN_DNS) {
      one.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                 static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      one = AddressText(name->d.iPAddress);
    }
    if (!one.empty()) text += (text.empty() ? " but for " : ", ") + one;
  }
  return text;
}

}  // namespace

std::string CertificateFault(long code, const X509* certificate, std::string_view authorities) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate expired" +
             (certificate == nullptr ? std::string() : OnDay(X509_get0_notAfter(certificate))) +
             "; it has to be renewed";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is not valid yet, by the clock of this machine";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is not for this host" + ButFor(certificate) +
             "; name the server as its certificate does";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "the certificate is of an authority that is not trusted; name a file with the right "
             "authorities in " +
             std::string(authorities);
    default:
      return std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(code);
  }
}

std::string CertificateFault(long code, const char* der, size_t size,
                             std::string_view authorities) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der);
  const Certificate certificate(d2i_X509(nullptr, &bytes, static_cast<long>(size)));
  return CertificateFault(code, certificate.get(), authorities);
}

}  // namespace avocet
