// The bodies of HTTP requests, and the records in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/model/raw_batch.h"
#include "src/net/http_message.h"

namespace avocet {

struct IngestLimits {
  size_t max_record_bytes = size_t{1} << 20;
  size_t max_decompressed_bytes = size_t{32} << 20;
};

/// Where line protocol puts what every record needs.
struct LineProtocolFields {
  std::string time_field = "timestamp";
  TimeFormat time_format = TimeFormat::kAuto;
};

/// Why a line of line protocol is no record.
struct UnreadableLine {
  size_t record = 0;  ///< index into the batch
  std::string message;
};

struct IngestRecords {
  RawBatch batch;               ///< the offsets of the records are their indexes
  std::vector<uint64_t> lines;  ///< of each record, from 1; empty for values of a JSON array
  std::vector<UnreadableLine> unreadable;
};

/// Content types and `?format=` words that are understood.
enum class IngestFormat : uint8_t { kJson, kLines, kCsv, kLineProtocol };

/// Undoes the Content-Encoding, up to `limit` bytes. On failure returns false and sets `*refusal`:
/// 400, 413 or 415.
bool DecodeBody(const HttpRequest& request, size_t limit, std::shared_ptr<SharedBytes>* out,
                HttpResponse* refusal);

/// Appends the records in the bytes [begin, end) of the batch's block, which begin and end between
/// two records. On failure returns false and sets `*refusal`: 413.
bool SplitBody(const IngestLimits& limits, IngestFormat format, size_t begin, size_t end,
               IngestRecords* records, HttpResponse* refusal);

/// Decodes Content-Encoding and Content-Type (or `?format=`). On failure returns false and sets
/// `*refusal`: 400, 413 or 415. `now_us` is the time of lines that have none.
bool ReadIngestRequest(const HttpRequest& request, const IngestLimits& limits,
                       const LineProtocolFields& fields, int64_t now_us, IngestRecords* records,
                       HttpResponse* refusal);

}  // namespace avocet
