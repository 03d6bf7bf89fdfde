// NamedFile: a file with a certificate, a key or a secret that a configuration names.
#pragma once

#include <cstdint>
#include <string>

namespace avocet {

/// What such a file holds.
enum class FileContent : uint8_t {
  kNone,          ///< the value names no file
  kSecret,        ///< a text that is not empty
  kCertificates,  ///< PEM certificates, at least one
  kPrivateKey,    ///< a PEM private key
};

struct NamedFile {
  int line = 0;  ///< of the value in the configuration, from 1
  int column = 0;
  std::string key;  ///< the key's full name
  std::string path;
  FileContent content = FileContent::kNone;
  std::string certificate_path;  ///< of a private key: the file of its certificate
};

}  // namespace avocet
