// RunningChecksum64: the checksum of persisted blocks that come in parts.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

struct XXH3_state_s;

namespace avocet {

/// Checksum64 of all bytes that were added, one after the other.
class RunningChecksum64 {
 public:
  RunningChecksum64();
  void Add(std::string_view bytes);
  uint64_t value() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace avocet
