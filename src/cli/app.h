// The command line: one file per command, listed in app.cc.
#pragma once

namespace avocet {

/// Parses the arguments, runs the command and returns its sysexits code.
int RunCommandLine(int argc, char** argv);

}  // namespace avocet
