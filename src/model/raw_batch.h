// RawBatch: what a source hands to decoding, the bytes of records and where they came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

/// Bytes shared by everything that points into them. At least kPadding readable bytes follow
/// `size`, so that simdjson may read past the end of the last record.
struct SharedBytes {
  static constexpr size_t kPadding = 64;
  std::unique_ptr<char[]> data;
  size_t size = 0;      ///< used bytes
  size_t capacity = 0;  ///< allocated bytes, without the padding

  /// Uninitialised bytes of the given capacity, plus padding (zeroed).
  static std::shared_ptr<SharedBytes> Allocate(size_t capacity);
};

enum class RecordFormat : uint8_t {
  kJson,  ///< one JSON value per record
  kCsv,   ///< one CSV row per record; RawBatch::csv_header names the columns
};

struct RawRecord {
  uint32_t begin = 0;  ///< into RawBatch::bytes
  uint32_t size = 0;   ///< without the line end
  int64_t offset = 0;  ///< position within the partition: byte offset, or record number
};

/// A record the source itself had to refuse (too long, not UTF-16 ..., damaged compression).
/// `bytes` may be a prefix.
struct RawReject {
  std::string bytes;
  int64_t offset = 0;
  std::string code;  ///< a quarantine code, see docs
  std::string message;
};

/// Records of one partition of one source, in order.
struct RawBatch {
  std::string source;     ///< name of the source in the configuration, or its type
  std::string partition;  ///< file path, "stdin", topic/partition, shard id
  RecordFormat format = RecordFormat::kJson;
  std::shared_ptr<const std::vector<std::string>> csv_header;  ///< not null for kCsv
  char csv_delimiter = ',';
  std::shared_ptr<const SharedBytes> bytes;
  std::vector<RawRecord> records;
  std::vector<RawReject> rejects;
  uint64_t empty_records = 0;  ///< blank lines, ignored and counted
  uint64_t bytes_read = 0;     ///< bytes taken from the outside for this batch

  std::string_view Bytes(const RawRecord& record) const {
    return {bytes->data.get() + record.begin, record.size};
  }
};

}  // namespace avocet
