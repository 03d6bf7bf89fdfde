// Files of the real operating system.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "src/env/env.h"
#include "src/env/file_descriptor.h"

namespace avocet {

/// FileInfo of an open descriptor.
Result<FileInfo> StatDescriptor(int fd, const std::string& path);

/// FileInfo of a path; symbolic links are followed.
Result<FileInfo> StatPath(const std::string& path);

/// pread(2) until `out` is full or the file ends.
Result<size_t> ReadDescriptorAt(int fd, uint64_t offset, std::span<std::byte> out,
                                const std::string& path);

Result<std::unique_ptr<ReadableFile>> OpenPosixForRead(const std::string& path);

enum class WriteOpening {
  kTruncate,   ///< creates the file or empties it
  kCreateNew,  ///< kAlreadyExists when there is one
};

Result<std::unique_ptr<WritableFile>> OpenPosixForWrite(const std::string& path,
                                                        WriteOpening opening);

/// The bytes of the file at `path` until its end.
Result<std::string> ReadPosixFile(const std::string& path);

}  // namespace avocet
