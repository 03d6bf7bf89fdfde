// OpenSslPointer: owns an object of OpenSSL, which a function of OpenSSL frees.
#pragma once

#include <memory>

namespace avocet {

template <auto kFree>
struct OpenSslDeleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

/// OpenSslPointer<X509, X509_free>.
template <typename T, auto kFree>
using OpenSslPointer = std::unique_ptr<T, OpenSslDeleter<kFree>>;

}  // namespace avocet
