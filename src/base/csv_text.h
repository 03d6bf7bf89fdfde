// Fields of CSV as RFC 4180 writes them.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// Appends a field, in quotes when it needs them.
void AppendCsvField(std::string_view field, char delimiter, std::string* line);

}  // namespace avocet
