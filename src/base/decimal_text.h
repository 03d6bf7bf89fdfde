// Doubles as decimal text, as printf writes them, several times faster for the short numbers that
// sensors have.
#pragma once

#include <string>

namespace avocet {

/// Appends what "%.<decimals>f" prints. REQUIRES: 0 <= decimals <= 9.
void AppendFixed(double value, int decimals, std::string* out);

/// Appends what "%.10g" prints.
void AppendTenDigits(double value, std::string* out);

}  // namespace avocet
