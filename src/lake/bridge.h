// BridgeBytes and FromBridge: memory and errors that come back from rust/lake.
#pragma once

#include <string>

#include "avocet_lake.h"
#include "src/base/status.h"

namespace avocet {

/// Bytes owned by the bridge, freed once.
class BridgeBytes {
 public:
  BridgeBytes() = default;
  ~BridgeBytes() { av_bytes_free(&bytes_); }
  BridgeBytes(const BridgeBytes&) = delete;
  BridgeBytes& operator=(const BridgeBytes&) = delete;
  AvBytes* get() { return &bytes_; }
  std::string Text() const {
    return bytes_.data == nullptr
               ? std::string()
               : std::string(reinterpret_cast<const char*>(bytes_.data), bytes_.len);
  }

 private:
  AvBytes bytes_{nullptr, 0, 0};
};

/// The Status of a bridge call; `error` is what the call left there.
Status FromBridge(AvCode code, const BridgeBytes& error);

}  // namespace avocet
