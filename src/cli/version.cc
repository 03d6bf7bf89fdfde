#include "src/cli/version.h"

namespace avocet {

const char* Version() { return AVOCET_VERSION; }

}  // namespace avocet
