#pragma once

namespace avocet {

/// Of the program, as in CMakeLists.txt.
const char* Version();

}  // namespace avocet
