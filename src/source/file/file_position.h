// FilePosition: how far one file has been read, as it is committed with bronze.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

/// A hash of the first bytes of a file. It stays the same while the file grows.
struct Fingerprint {
  static constexpr uint32_t kMostBytes = 1024;
  uint64_t hash = 0;
  uint32_t size_bytes = 0;  ///< how many bytes it covers

  bool operator==(const Fingerprint&) const = default;
};

/// The fingerprint of the first `size_bytes` of `file`, or of fewer when it is shorter.
Result<Fingerprint> TakeFingerprint(ReadableFile* file, uint32_t size_bytes);

struct FilePosition {
  std::string path;
  uint64_t device = 0;
  uint64_t inode = 0;
  SplitPosition split;
  Fingerprint fingerprint;
  uint64_t size_bytes = 0;  ///< of the file when everything in it had last been read
  bool compressed = false;
  bool done = false;     ///< nothing is left to read of those bytes
  bool damaged = false;  ///< done because the rest cannot be decompressed
};

/// "<source>/dev:2049,ino:77". It survives renames.
std::string FilePositionKey(std::string_view source, uint64_t device, uint64_t inode);

/// {"path":"a.csv","dev":2049,"ino":77,"offset":512,"fp":"9ae16a3b2f90404f","fp_len":512,
///  "size":512,"done":true,"format":"csv","delimiter":",","header":["time","value"]}
std::string EncodeFilePosition(const FilePosition& position);
Result<FilePosition> DecodeFilePosition(std::string_view text);

}  // namespace avocet
