#include "src/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace avocet {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "BUG: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace avocet
