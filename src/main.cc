#include <malloc.h>

#include "src/cli/app.h"

int main(int argc, char** argv) {
  // Epochs are large blocks that live for a second. Left to itself glibc soon keeps blocks of that
  // size in its heaps, where they leave holes: a fifth more memory at full load.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  return avocet::RunCommandLine(argc, argv);
}
