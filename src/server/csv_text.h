// CsvText: values as fields of CSV.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// Quoted. What a spreadsheet would take for a formula gets a leading apostrophe.
std::string CsvText(std::string_view text);

/// Empty for what is not finite.
std::string CsvNumber(double value);

}  // namespace avocet
