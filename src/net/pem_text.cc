#include "src/net/pem_text.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "src/net/certificate_fault.h"
#include "src/net/openssl_pointer.h"

namespace avocet {
namespace {

using Bio = OpenSslPointer<BIO, BIO_free_all>;
using Certificate = OpenSslPointer<X509, X509_free>;
using Key = OpenSslPointer<EVP_PKEY, EVP_PKEY_free>;

// Without it a terminal is asked.
int NoPassphrase(char*, int, int, void*) { return 0; }

Bio Reader(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate FirstCertificate(std::string_view pem) {
  const Bio reader = Reader(pem);
  Certificate certificate(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return certificate;
}

}  // namespace

Status CheckCertificates(std::string_view pem, int64_t now_us) {
  const Certificate certificate = FirstCertificate(pem);
  if (certificate == nullptr) return Status::Invalid("the file has no certificate in PEM");
  time_t now_s = static_cast<time_t>(now_us / 1'000'000);
  const auto fault = [&](int code) {
    return Status::Invalid(CertificateFault(code, certificate.get(), ""));
  };
  if (X509_cmp_time(X509_get0_notAfter(certificate.get()), &now_s) < 0) {
    return fault(X509_V_ERR_CERT_HAS_EXPIRED);
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &now_s) > 0) {
    return fault(X509_V_ERR_CERT_NOT_YET_VALID);
  }
  return Status::Ok();
}

Status CheckPrivateKey(std::string_view pem, std::string_view certificate_pem) {
  const Bio reader = Reader(pem);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    const bool encrypted = pem.find("ENCRYPTED") != std::string_view::npos;
    return Status::Invalid(encrypted ? "the private key has a passphrase; write it without one"
                                     : "the file has no private key in PEM");
  }
  const Certificate certificate = FirstCertificate(certificate_pem);
  if (certificate == nullptr) return Status::Ok();
  const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return fits ? Status::Ok() : Status::Invalid("the private key is not that of the certificate");
}

}  // namespace avocet
