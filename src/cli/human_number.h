// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace avocet {

/// "1,234,567".
std::string WithThousands(uint64_t number);

/// "1.2 MB".
std::string HumanBytes(uint64_t bytes);

}  // namespace avocet
