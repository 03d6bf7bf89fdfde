// Programs: their environment, finding them and becoming one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace avocet {

/// The value of an environment variable, or nothing.
std::optional<std::string> EnvironmentVariable(std::string_view name);

/// Path of the executable of this process, symbolic links followed.
Result<std::string> ExecutablePath();

/// True for a file that this user may execute.
bool IsExecutable(const std::string& path);

/// The first executable `name` in the directories of $PATH. REQUIRES: no "/" in `name`.
std::optional<std::string> FindOnPath(std::string_view name);

/// Ends this program and becomes `path`, with `arguments` after its name; open files and signals
/// that are ignored stay as they are. Returns only an error.
Status BecomeProgram(const std::string& path, const std::vector<std::string>& arguments);

/// Runs `path`, with `arguments` after its name, until it ends; standard streams are shared. Ctrl-C
/// is for it alone while it runs. Returns its exit code, 128 + N after signal N.
Result<int> RunInForeground(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace avocet
