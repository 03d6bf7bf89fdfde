// LakeStore: the files of a lake, wherever they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

struct LakeFile {
  std::string path;  ///< relative to the lake's root
  uint64_t size_bytes = 0;
  int64_t modified_us = 0;  ///< since 1970
};

/// Paths are relative to the root, with slashes between their parts and none at their ends. Safe
/// from any thread. Messages of errors name the file as Shown() does.
class LakeStore {
 public:
  virtual ~LakeStore() = default;

  /// The place of a path for people, as in "./lake/a/b" or "s3://bucket/lake/a/b".
  virtual std::string Shown(std::string_view path) const = 0;

  /// Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> Read(const std::string& path, uint64_t offset,
                              std::span<std::byte> out) = 0;
  virtual Result<std::string> ReadFile(const std::string& path) = 0;
  /// kNotFound when there is no such file.
  virtual Result<LakeFile> Stat(const std::string& path) = 0;
  /// All files below `folder`, at any depth, in no particular order; none when it does not exist.
  /// A store in which listing is dear leaves out paths that come before `from`.
  virtual Result<std::vector<LakeFile>> List(const std::string& folder,
                                             const std::string& from) = 0;
  /// Whether `folder` exists; in S3 it does while there is a file in it.
  virtual Result<bool> HasFolder(const std::string& folder) = 0;
  /// Names of the folders in `folder`, in no particular order; none when it does not exist.
  virtual Result<std::vector<std::string>> Folders(const std::string& folder) = 0;
  /// Ok means durable. kCreateNew means what PutMode says, whoever else writes at the same time,
  /// also when the first answer was lost.
  virtual Status Put(const std::string& path, std::string_view bytes, PutMode mode) = 0;
  /// A file.
  virtual Status Remove(const std::string& path) = 0;

  /// Requests take long, so that few large ones are best; what can be read is durable.
  virtual bool is_remote() const = 0;
  /// Whether somebody could still read what has been removed, as in a bucket with versioning.
  virtual Result<bool> KeepsRemoved() = 0;
  /// Fails when Put with kCreateNew would overwrite. Writes a small file for that.
  virtual Status CheckCreateNew() = 0;
};

}  // namespace avocet
