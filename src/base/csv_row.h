// Rows of CSV as RFC 4180 writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace avocet {

/// Comma, semicolon or tab: the one that stands most often outside quotes in `line`; comma when
/// there is none.
char DetectDelimiter(std::string_view line);

/// The fields of one RFC 4180 row without its line end: quotes removed, "" read as ", blanks
/// around unquoted fields dropped.
std::vector<std::string> ParseCsvRow(std::string_view row, char delimiter);

}  // namespace avocet
