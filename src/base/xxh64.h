// Xxh64: the checksum of whole files, as rust/lake writes it into the Delta log.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace avocet {

/// XXH64 with seed 0 over bytes that come in pieces. Detects damage, not forgery.
class Xxh64 {
 public:
  Xxh64();
  ~Xxh64();
  Xxh64(const Xxh64&) = delete;
  Xxh64& operator=(const Xxh64&) = delete;

  void Update(std::string_view bytes);
  /// 16 lower-case hexadecimal digits of everything so far.
  std::string Hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace avocet
