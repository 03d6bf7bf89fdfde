// InfluxDB line protocol to the JSON records that are stored and decoded in its place.
//
//   weather,device_id=d1 temperature=21.5,wet=true 1623781706000000000
//   {"measurement":"weather","device_id":"d1","temperature":21.5,"wet":true,"timestamp":"2021-..."}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/source/push/ingest_request.h"

namespace avocet {

/// Nanoseconds of "ns", "us", "ms" or "s".
std::optional<int64_t> LineProtocolUnit(std::string_view precision);

/// One line to one JSON object on one line; nothing, and `*why`, when it is not line protocol. Tags
/// and fields become members, the time the member `fields.time_field`. Integers lose their suffix.
std::optional<std::string> TranscribeLine(std::string_view line, const LineProtocolFields& fields,
                                          int64_t unit_ns, int64_t now_us, std::string* why);

/// All lines of `text`; blank lines and comments are passed over. A line that cannot be read
/// becomes a record as it is, and is listed in `out->unreadable`.
void TranscribeLineProtocol(std::string_view text, const LineProtocolFields& fields,
                            int64_t unit_ns, int64_t now_us, IngestRecords* out);

}  // namespace avocet
