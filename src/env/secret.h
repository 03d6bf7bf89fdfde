// Secrets: passwords, keys and tokens, which configurations name or have in files of their own.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

/// The content of a file without the line end. Errors of Env::ReadFile.
Result<std::string> ReadSecretFile(Env* env, const std::string& path);

/// `value`, or what `file` has when one is given.
Result<std::string> ReadSecret(Env* env, const std::string& value, const std::string& file);

}  // namespace avocet
