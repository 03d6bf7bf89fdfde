// Reject codes: the stable words that say why a record is in quarantine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace avocet {

enum class RejectReason : uint8_t {
  kInvalidJson,
  kInvalidUtf8,
  kTruncated,
  kNulByte,
  kTooDeep,
  kTrailingContent,
  kNotAnObject,
  kDuplicateKey,
  kInvalidCsv,
  kWrongFieldCount,
  kMissingDevice,
  kBadDevice,
  kDeviceTooLong,
  kMissingTime,
  kBadTime,
  kTimeBefore1970,
  kTimeInFuture,
  kWrongType,
  kNotFinite,
  kNumberOverflow,
  kMissingMetric,
  kUnknownMetric,
  kRecordTooLong,
  kDamagedCompression,
};

/// A code of the quarantine table and its meaning in one sentence.
struct RejectCode {
  RejectReason reason;
  std::string_view code;
  std::string_view meaning;
};

/// All codes, in the order of RejectReason. Sources give the last two, decoding the others.
std::span<const RejectCode> RejectCodes();

std::string_view CodeOf(RejectReason reason);

/// Why one record is rejected.
struct Rejection {
  RejectReason reason = RejectReason::kInvalidJson;
  std::string message;    ///< one sentence
  int64_t position = -1;  ///< byte position within the record, -1 if unknown
};

}  // namespace avocet
