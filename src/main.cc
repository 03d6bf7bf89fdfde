#include "src/cli/app.h"

int main(int argc, char** argv) { return avocet::RunCommandLine(argc, argv); }
