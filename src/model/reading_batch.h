// ReadingBatch: decoded records as columns, in arrival order.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/raw_batch.h"

namespace avocet {

/// The null of a metric column. NaN never comes from input: it is quarantined there.
inline constexpr double kNullValue = std::numeric_limits<double>::quiet_NaN();

/// A record that was not accepted. Becomes a row of iot_catalog.raw.quarantine.
struct RejectedRecord {
  std::string payload;    ///< raw bytes, exactly as they arrived (capped by the source)
  std::string code;       ///< stable word, for example "invalid_json"
  std::string message;    ///< one sentence; says where in the record
  int64_t position = -1;  ///< byte position of the problem within the record, -1 if unknown
  std::string source;
  std::string partition;
  int64_t offset = 0;
  std::string format;  ///< "json", or "csv:<header line>": how `quarantine retry` decodes payload
};

/// Columns of accepted records. All columns have `rows` entries.
/// `device` and `payload` point into `bytes` or `extra_bytes`, which keep them alive.
struct ReadingBatch {
  size_t rows = 0;
  std::vector<std::string_view> device;
  std::vector<int64_t> event_time_us;     ///< microseconds since 1970 UTC
  std::vector<std::string_view> payload;  ///< valid UTF-8 JSON object, one line
  std::vector<int64_t> offset;
  std::vector<std::vector<double>> metrics;  ///< [metric index][row], kNullValue = absent or null

  std::string source;
  std::string partition;
  std::shared_ptr<const SharedBytes> bytes;
  /// Blocks for payloads and devices that are not slices of `bytes` (CSV rows, escaped strings).
  std::vector<std::unique_ptr<char[]>> extra_bytes;

  std::vector<RejectedRecord> rejected;
  /// Names of numeric fields that are no metric yet, in order of first appearance. Filled only when
  /// schema.evolve is on; the engine registers them and decodes the batch again.
  std::vector<std::string> new_metrics;
};

}  // namespace avocet
