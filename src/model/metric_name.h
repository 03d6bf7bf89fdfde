// Metric names: from the keys of records to column names.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// The column name of a record's key: ASCII letters in lower case, each run of other characters
/// than letters and digits is one "_", none at the ends, and "_" before a leading digit. "Air
/// Quality" becomes "air_quality", "2nd" becomes "_2nd". Empty when nothing is left. The
/// normalised form of a normalised name is itself.
std::string NormalizeMetricName(std::string_view key);

/// True for the columns that every table has beside its metrics: no metric may have such a name.
bool IsReservedColumn(std::string_view name);

}  // namespace avocet
