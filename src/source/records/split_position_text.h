// The part of a position that says how a stream is cut into records.
#pragma once

#include "src/base/json_writer.h"
#include "src/base/status.h"
#include "src/source/position_text.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

/// Adds "format", "in_array", "delimiter" and "header" to the open object, as far as they are
/// known; the offset is the caller's.
void WriteSplitPosition(const SplitPosition& split, JsonWriter* json);

/// Reads "offset" and those. kConfig for a format of another version.
Result<SplitPosition> ReadSplitPosition(const PositionText& json);

}  // namespace avocet
