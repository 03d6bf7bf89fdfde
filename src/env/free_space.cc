#include "src/env/free_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

namespace avocet {

Result<uint64_t> FreeSpaceBytes(const std::string& path) {
  struct statvfs space = {};
  if (::statvfs(path.c_str(), &space) != 0) {
    return Status::Io("cannot ask for the free space of " + path + ": " + std::strerror(errno));
  }
  return uint64_t{space.f_bavail} * space.f_frsize;
}

}  // namespace avocet
