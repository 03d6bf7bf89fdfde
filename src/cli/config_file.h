// The configuration file of a command, and the files that it names.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/config/load.h"
#include "src/env/env.h"

namespace avocet {

struct ConfigFile {
  std::string path;  ///< empty: there is none, and the defaults hold
  std::string text;
  LoadedConfig loaded;
};

/// Reads `path`; an empty path means ./avocet.yaml when there is one, else the built-in defaults.
/// kConfig when it cannot be read; mistakes are in `loaded`. `files` is as for ParseConfig.
Result<ConfigFile> ReadConfigFile(const std::string& path, const FileReader& files);

/// Looks into the certificates, keys and secrets that the file names, and adds what is wrong with
/// them to its mistakes.
void CheckNamedFiles(ConfigFile* file, Env* env);

/// What is in `file`; its mistakes go to `*mistakes`, and become kConfig.
Result<Config> ConfigOf(ConfigFile file, std::string* mistakes);

}  // namespace avocet
