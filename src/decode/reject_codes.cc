#include "src/decode/reject_codes.h"

#include <array>
#include <cstddef>

#include "src/base/check.h"

namespace avocet {

namespace {

constexpr auto kCodes = std::to_array<RejectCode>({
    {RejectReason::kInvalidJson, "invalid_json", "The record is not JSON."},
    {RejectReason::kInvalidUtf8, "invalid_utf8", "The record has bytes that are not UTF-8."},
    {RejectReason::kTruncated, "truncated", "The record ends inside a value."},
    {RejectReason::kNulByte, "nul_byte", "The record has a NUL byte."},
    {RejectReason::kTooDeep, "too_deep",
     "Arrays and objects of the record are nested in more than 64 levels."},
    {RejectReason::kTrailingContent, "trailing_content",
     "More text follows the record's value, for example a second object on the same line."},
    {RejectReason::kNotAnObject, "not_an_object",
     "The record is JSON, but an array, string, number or literal instead of an object."},
    {RejectReason::kDuplicateKey, "duplicate_key",
     "Two keys of the record are equal or name the same field, so its value is ambiguous."},
    {RejectReason::kInvalidCsv, "invalid_csv",
     "The row has text behind the closing quote of a field."},
    {RejectReason::kWrongFieldCount, "wrong_field_count",
     "The row has more or fewer fields than the header."},
    {RejectReason::kMissingDevice, "missing_device", "The device is absent, null or empty."},
    {RejectReason::kBadDevice, "bad_device",
     "The device is neither a string nor an integer, or has control characters."},
    {RejectReason::kDeviceTooLong, "device_too_long", "The device is longer than 256 bytes."},
    {RejectReason::kMissingTime, "missing_time", "The time is absent, null or empty."},
    {RejectReason::kBadTime, "bad_time",
     "The time is neither an ISO 8601 time of the calendar nor a usable epoch number."},
    {RejectReason::kTimeBefore1970, "time_before_1970", "The time lies before 1970-01-01."},
    {RejectReason::kTimeInFuture, "time_in_future",
     "The time lies further in the future than the schema allows."},
    {RejectReason::kWrongType, "wrong_type",
     "A metric has text, an array or an object where a number belongs."},
    {RejectReason::kNotFinite, "not_finite", "A metric is NaN or infinite."},
    {RejectReason::kNumberOverflow, "number_overflow",
     "A metric's number is too large for a 64-bit floating point number."},
    {RejectReason::kMissingMetric, "missing_metric",
     "The field that names the metric is absent, null or empty."},
    {RejectReason::kUnknownMetric, "unknown_metric",
     "The field that names the metric has a name that is no metric of the schema."},
    {RejectReason::kRecordTooLong, "record_too_long",
     "The record is longer than the source's max_record_bytes; only its beginning is kept."},
    {RejectReason::kDamagedCompression, "damaged_compression",
     "The compressed input cannot be read further from here."},
});

}  // namespace

std::span<const RejectCode> RejectCodes() { return kCodes; }

std::string_view CodeOf(RejectReason reason) {
  const auto index = static_cast<size_t>(reason);
  AVOCET_CHECK(index < kCodes.size() && kCodes[index].reason == reason);
  return kCodes[index].code;
}

}  // namespace avocet
