// The first byte chooses precision and time format; the rest is line protocol. What becomes of a
// line is one line of JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "src/source/push/line_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr int64_t kUnits[] = {1, 1'000, 1'000'000, 1'000'000'000};
  avocet::LineProtocolFields fields;
  fields.time_format = static_cast<avocet::TimeFormat>((data[0] >> 2U) % 6U);
  avocet::IngestRecords records;
  avocet::TranscribeLineProtocol({reinterpret_cast<const char*>(data) + 1, size - 1}, fields,
                                 kUnits[data[0] & 3U], 0, &records);
  if (records.lines.size() != records.batch.records.size()) std::abort();
  size_t next_unreadable = 0;
  for (size_t i = 0; i < records.batch.records.size(); ++i) {
    if (next_unreadable < records.unreadable.size() &&
        records.unreadable[next_unreadable].record == i) {
      ++next_unreadable;
      continue;
    }
    const std::string_view json = records.batch.Bytes(records.batch.records[i]);
    if (!json.starts_with("{\"measurement\":") || !json.ends_with('}')) std::abort();
    if (json.find('\n') != std::string_view::npos) std::abort();
  }
  if (next_unreadable != records.unreadable.size()) std::abort();
  return 0;
}
