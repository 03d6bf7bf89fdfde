// The Env of the real operating system.
#include <dirent.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <thread>

#include "src/env/durable_writer.h"
#include "src/env/env.h"
#include "src/env/posix_calls.h"
#include "src/env/posix_file.h"
#include "src/env/posix_lock.h"

namespace avocet {

namespace {

timespec ReadClock(clockid_t clock) {
  timespec now = {};
  AVOCET_CHECK(::clock_gettime(clock, &now) == 0);
  return now;
}

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool IsDirectoryEntry(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) return entry.d_type == DT_DIR;
  struct stat info = {};
  return ::fstatat(::dirfd(directory), entry.d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

class PosixEnv : public Env {
 public:
  Result<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) override {
    return OpenPosixForRead(path);
  }

  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    return OpenPosixForWrite(path, WriteOpening::kTruncate);
  }

  Result<std::string> ReadFile(const std::string& path) override { return ReadPosixFile(path); }

  Result<FileInfo> Stat(const std::string& path) override { return StatPath(path); }

  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    const std::unique_ptr<DIR, DirectoryCloser> stream(::opendir(directory.c_str()));
    if (stream == nullptr) return Status::FromErrno(errno, "list directory", directory);
    std::vector<DirectoryEntry> entries;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      entries.push_back({std::string(name), IsDirectoryEntry(stream.get(), *entry)});
    }
    if (errno != 0) return Status::FromErrno(errno, "list directory", directory);
    return entries;
  }

  Status MakeDirectories(const std::string& directory) override {
    return writer_.directories().Make(directory);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return calls_.Rename(from, to);
  }

  Status Remove(const std::string& path) override { return calls_.Remove(path); }

  Status SyncDirectory(const std::string& directory) override {
    return calls_.SyncDirectory(directory);
  }

  Status PutDurably(const std::string& path, std::string_view bytes, PutMode mode) override {
    return writer_.Put(path, bytes, mode);
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, std::string_view owner) override {
    return LockPosixFile(path, owner);
  }

  int64_t NowMicros() override {
    const timespec now = ReadClock(CLOCK_REALTIME);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  }

  std::chrono::nanoseconds Monotonic() override {
    const timespec now = ReadClock(CLOCK_MONOTONIC);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }

  void SleepFor(std::chrono::nanoseconds duration) override {
    std::this_thread::sleep_for(duration);
  }

  uint64_t Random64() override {
    uint64_t value = 0;
    while (::getrandom(&value, sizeof(value), 0) != static_cast<ssize_t>(sizeof(value))) {
      AVOCET_CHECK(errno == EINTR);
    }
    return value;
  }

  int64_t ProcessId() override { return ::getpid(); }

  std::string HostName() override {
    std::array<char, 256> name = {};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
  }

 private:
  PosixCalls calls_;
  DurableWriter writer_{&calls_, ::getpid()};
};

}  // namespace

Env* Env::Posix() {
  // Never freed: threads may still use it while static objects are destroyed.
  static Env* const env = std::make_unique<PosixEnv>().release();
  return env;
}

}  // namespace avocet
