#include "src/net/certificate_fault.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <string>

#include "src/net/pem_text.h"

namespace avocet {
namespace {

// Valid in 2020 and 2021, for sensors.example.com and 10.1.2.3.
constexpr const char* kCertificate =
    R"(-----BEGIN CERTIFICATE-----
MIIBcTCCARagAwIBAgIBATAKBggqhkjOPQQDAjANMQswCQYDVQQDDAJjYTAeFw0y
MDAxMDEwMDAwMDBaFw0yMTEyMzEwMDAwMDBaMAwxCjAIBgNVBAMMAXgwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAASA+c1tFLNuINLMOKgc08Zd2/ElTG7k+aBjRZEA
K+isW5AK7kr2fHVtPK9avCPCd5j2HmA0qPe589yS2QbzG0ivo2gwZjAkBgNVHREE
HTAbghNzZW5zb3JzLmV4YW1wbGUuY29thwQKAQIDMB0GA1UdDgQWBBRO4nS5qiM8
Tp1EskzSPX1qxagliDAfBgNVHSMEGDAWgBQ0qAmZ6AN12WVDL1lzCupQ+mVWzjAK
BggqhkjOPQQDAgNJADBGAiEAllMeEoWoAbadIAkWTG0mVKw4+1jOO9gsPtRRPDfa
NP4CIQCbF7hIPvh+mq7p1pkXTWQ9sfEQ5uvTr3d/jUU2cHeCEA==
-----END CERTIFICATE-----
)";
constexpr int64_t kYear2019 = 1'550'000'000'000'000;
constexpr int64_t kYear2020 = 1'600'000'000'000'000;
constexpr int64_t kYear2022 = 1'650'000'000'000'000;

TEST(PemText, CertificatesAreReadAndDated) {
  EXPECT_TRUE(CheckCertificates(kCertificate, kYear2020).ok());
  EXPECT_EQ(CheckCertificates(kCertificate, kYear2022).message(),
            "the certificate expired on 2021-12-31; it has to be renewed");
  EXPECT_EQ(CheckCertificates(kCertificate, kYear2019).message(),
            "the certificate is not valid yet, by the clock of this machine");
  for (const char* text : {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    EXPECT_EQ(CheckCertificates(text, kYear2020).message(), "the file has no certificate in PEM");
    EXPECT_EQ(CheckPrivateKey(text, kCertificate).message(), "the file has no private key in PEM");
  }
}

TEST(CertificateFault, SaysWhatToMend) {
  EXPECT_EQ(CertificateFault(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, nullptr, "tls_ca"),
            "the certificate is of an authority that is not trusted; name a file with the right "
            "authorities in tls_ca");
  // Nothing to show when the certificate cannot be read.
  EXPECT_EQ(CertificateFault(X509_V_ERR_HOSTNAME_MISMATCH, "junk", 4, "tls_ca"),
            "the certificate is not for this host; name the server as its certificate does");
  EXPECT_EQ(CertificateFault(X509_V_ERR_CERT_REVOKED, nullptr, "tls_ca"),
            "the certificate is not trusted: certificate revoked");
}

}  // namespace
}  // namespace avocet
