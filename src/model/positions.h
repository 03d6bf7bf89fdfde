// Positions: how far each partition of each source has been read. Committed with bronze.
#pragma once

#include <map>
#include <string>

namespace avocet {

/// Key: "<source name>/<partition identity>", for example "file/dev:2049,ino:77".
/// Value: the source's own text, usually JSON, that lets it resume exactly after the last record.
/// Sources treat the value as opaque across versions: unknown keys inside are ignored.
using Positions = std::map<std::string, std::string>;

}  // namespace avocet
