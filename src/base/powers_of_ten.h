// Powers of ten that doubles hold exactly, for numbers of the form n / 10^k.
#pragma once

#include <array>

namespace avocet {

inline constexpr std::array<double, 10> kPowersOfTen = {1,   1e1, 1e2, 1e3, 1e4,
                                                        1e5, 1e6, 1e7, 1e8, 1e9};

}  // namespace avocet
