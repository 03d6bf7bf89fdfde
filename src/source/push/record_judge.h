// RecordJudge: what decoding will say about records, asked by sources that answer their senders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/raw_batch.h"

namespace avocet {

struct RecordVerdict {
  size_t record = 0;  ///< index into the batch
  std::string code;   ///< a quarantine code, or kDeviceForbidden
  std::string message;
  int64_t position = -1;  ///< byte within the record, -1 if unknown
};

/// The device of the record is none that the sender may speak of.
inline constexpr std::string_view kDeviceForbidden = "device_forbidden";

/// Owned by one thread.
class RecordJudge {
 public:
  virtual ~RecordJudge() = default;

  /// Appends what is wrong with records of `batch`, in their order. REQUIRES: the offset of every
  /// record is its index.
  virtual void Judge(const RawBatch& batch, int64_t now_us, std::string_view device_prefix,
                     std::vector<RecordVerdict>* rejected) = 0;
};

using MakeRecordJudge = std::function<std::unique_ptr<RecordJudge>()>;

}  // namespace avocet
