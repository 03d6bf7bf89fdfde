// FileListing: the files that the paths of a configuration stand for at the moment.
#pragma once

#include <string>
#include <vector>

#include "src/env/env.h"

namespace avocet {

struct FoundFile {
  std::string path;  ///< as configured, with globs and directories filled in
  FileInfo info;
};

struct FileListing {
  std::vector<FoundFile> files;  ///< no path twice, in natural order
  /// What is missing or cannot be read, one for each; a path or glob without any file is
  /// kNotFound.
  std::vector<Status> problems;
};

/// Each of `paths` is a file, a directory or a glob. A directory stands for its direct files,
/// without names that begin with "." or "_" or end in ".tmp" or ".part": those are still being
/// written. In a glob, the segment `**` stands for any number of directories.
FileListing ListFiles(const std::vector<std::string>& paths, Env* env);

}  // namespace avocet
