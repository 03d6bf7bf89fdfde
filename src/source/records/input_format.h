// InputFormat: how the bytes of a file or pipe are cut into records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

enum class InputFormat : uint8_t {
  kUnknown,  ///< not decided yet
  kLines,    ///< one record per line (NDJSON)
  kJson,     ///< JSON values: the elements of top-level arrays, or values one after another
  kCsv,      ///< RFC 4180 rows after a header row
};

/// So many bytes are always enough to decide on a format.
inline constexpr size_t kFormatProbeBytes = size_t{64} << 10;

/// The format named `auto` (kUnknown), `ndjson`, `json` or `csv`; kConfig for other words.
Result<InputFormat> ParseInputFormat(std::string_view name);

/// "unknown", "ndjson", "json" or "csv".
std::string_view InputFormatName(InputFormat format);

/// What the name of a file says about its lines, without .gz and .zst: kLines, kCsv or kUnknown.
InputFormat FormatHint(std::string_view path);

/// The format of a stream that begins with `prefix` (after the byte order mark), or nothing while
/// more bytes could change the answer. `at_end`: there are no more bytes.
std::optional<InputFormat> DetectFormat(std::string_view prefix, InputFormat hint, bool at_end);

}  // namespace avocet
