#include "src/base/running_checksum.h"

#include <xxhash.h>

namespace avocet {

void RunningChecksum64::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

RunningChecksum64::RunningChecksum64() : state_(XXH3_createState()) {
  XXH3_64bits_reset(state_.get());
}

void RunningChecksum64::Add(std::string_view bytes) {
  XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

uint64_t RunningChecksum64::value() const { return XXH3_64bits_digest(state_.get()); }

}  // namespace avocet
