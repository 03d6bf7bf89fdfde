// KinesisPosition: how far one shard has been read, as it is committed with bronze.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/source/kinesis/kinesis_stream.h"

namespace avocet {

struct KinesisPosition {
  std::string sequence;  ///< of the last Kinesis record that was delivered; empty: none was
  /// So many of the records inside it were delivered; 0: all of them.
  uint32_t delivered_inside = 0;
  uint64_t records = 0;  ///< delivered from the shard in all; the offset of the next one
  bool done = false;     ///< the shard is closed and has been delivered to its end

  bool operator==(const KinesisPosition&) const = default;
};

/// "<source>/<stream>/<shard>".
std::string KinesisPositionKey(std::string_view source, std::string_view stream,
                               std::string_view shard);

/// {"seq":"4959...","inside":2,"records":1234,"done":true}; what is empty, 0 or false is left out.
std::string EncodeKinesisPosition(const KinesisPosition& position);
Result<KinesisPosition> DecodeKinesisPosition(std::string_view text);

/// Where to go on after `position`, or `otherwise` when nothing of the shard has been delivered.
KinesisStart StartAfter(const KinesisPosition& position, const KinesisStart& otherwise);

}  // namespace avocet
