// Env: everything avocet asks of the operating system. The simulation replaces it.
//
// All methods may be called from any thread. Paths are as the caller gives them, absolute or
// relative to the process. Every error is a Status whose message has the path and errno text.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct FileInfo {
  uint64_t size_bytes = 0;
  int64_t modified_us = 0;  ///< microseconds since 1970, UTC
  uint64_t device = 0;
  uint64_t inode = 0;  ///< with `device`, the identity of a file across renames
  bool is_directory = false;
};

struct DirectoryEntry {
  std::string name;  ///< without the directory
  bool is_directory = false;
};

/// A file opened for reading. Freed by its destructor; safe for one thread at a time.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  /// Reads up to `out.size()` bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> out) = 0;
  /// Reads the next bytes of a stream (pipe, terminal); 0 at the end.
  virtual Result<size_t> Read(std::span<std::byte> out) = 0;
  virtual Result<FileInfo> Stat() = 0;
};

/// An append-only file. Not durable until Sync returns Ok.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(std::string_view bytes) = 0;  ///< all of the bytes, or an error and none
  virtual Status Sync() = 0;  ///< an error is final: every later Append and Sync repeats it
  virtual Status Close() = 0;
};

/// Holds an exclusive lock on a file until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class PutMode {
  kReplace,    ///< atomically replaces what is there
  kCreateNew,  ///< kAlreadyExists, and no change, when the path exists
};

class Env {
 public:
  virtual ~Env() = default;

  /// The real operating system. Never null, never freed.
  static Env* Posix();

  // Files.
  virtual Result<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) = 0;
  /// Creates or truncates.
  virtual Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) = 0;
  virtual Result<std::string> ReadFile(const std::string& path) = 0;
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  /// Entries of one directory in no particular order, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  virtual Status MakeDirectories(const std::string& directory) = 0;  ///< durably, with parents
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;  ///< a file or an empty directory
  /// Makes renames, links and removals in `directory` survive a power cut.
  virtual Status SyncDirectory(const std::string& directory) = 0;

  /// Writes a whole file so that after a power cut it is there completely or not at all:
  /// temporary file, data sync, rename (or link without overwrite), directory sync. Creates
  /// missing parent directories, durably. Ok means durable.
  virtual Status PutDurably(const std::string& path, std::string_view bytes, PutMode mode) = 0;

  /// Takes an exclusive lock on `path` (created when missing) and writes `owner` into it.
  /// kConflict with the present owner's text when another process (or handle) holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 std::string_view owner) = 0;

  // Time and randomness.
  virtual int64_t NowMicros() = 0;  ///< wall clock, microseconds since 1970 UTC
  virtual std::chrono::nanoseconds Monotonic() = 0;
  virtual void SleepFor(std::chrono::nanoseconds duration) = 0;
  virtual uint64_t Random64() = 0;

  // Process.
  virtual int64_t ProcessId() = 0;
  virtual std::string HostName() = 0;
};

/// Standard input as a file. Read() blocks at most `timeout` and then returns kUnavailable, so
/// that a caller can look at other things; kOk with 0 bytes is the end.
std::unique_ptr<ReadableFile> OpenStandardInput(std::chrono::milliseconds timeout);

}  // namespace avocet
