#include "src/env/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace avocet {

namespace {

FileInfo ToFileInfo(const struct stat& from) {
  FileInfo info;
  info.size_bytes = static_cast<uint64_t>(from.st_size);
  info.modified_us = int64_t{from.st_mtim.tv_sec} * 1'000'000 + from.st_mtim.tv_nsec / 1'000;
  info.device = from.st_dev;
  info.inode = from.st_ino;
  info.is_directory = S_ISDIR(from.st_mode);
  return info;
}

class PosixReadableFile : public ReadableFile {
 public:
  PosixReadableFile(std::string path, FileDescriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> out) override {
    return ReadDescriptorAt(fd_.get(), offset, out, path_);
  }

  Result<size_t> Read(std::span<std::byte> out) override {
    while (true) {
      const ssize_t n = ::read(fd_.get(), out.data(), out.size());
      if (n >= 0) return static_cast<size_t>(n);
      if (errno == EAGAIN) return Status::Unavailable("cannot read " + path_ + ": no data yet");
      if (errno != EINTR) return Status::FromErrno(errno, "read", path_);
    }
  }

  Result<FileInfo> Stat() override { return StatDescriptor(fd_.get(), path_); }

 private:
  const std::string path_;
  FileDescriptor fd_;
};

class PosixWritableFile : public WritableFile {
 public:
  PosixWritableFile(std::string path, FileDescriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  Status Append(std::string_view bytes) override {
    AVOCET_RETURN_IF_ERROR(CheckUsable());
    Status status = WriteAll(fd_.get(), bytes, path_);
    if (status.ok()) {
      size_bytes_ += bytes.size();
    } else if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes_)) != 0) {
      // Part of these bytes may be in the file, so nothing can follow them.
      final_error_ = status;
    }
    return status;
  }

  Status Sync() override {
    AVOCET_RETURN_IF_ERROR(CheckUsable());
    if (::fdatasync(fd_.get()) == 0) return Status::Ok();
    // The kernel reports an error once and forgets the pages that it could not write, so a second
    // sync would wrongly succeed.
    final_error_ = Status::FromErrno(errno, "sync", path_);
    return final_error_;
  }

  Status Close() override { return fd_.Close(path_); }

 private:
  Status CheckUsable() const {
    if (!final_error_.ok()) return final_error_;
    if (!fd_.is_open()) return Status::Io("cannot write " + path_ + ": the file is closed");
    return Status::Ok();
  }

  const std::string path_;
  FileDescriptor fd_;
  uint64_t size_bytes_ = 0;
  Status final_error_;
};

}  // namespace

Result<FileInfo> StatDescriptor(int fd, const std::string& path) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return Status::FromErrno(errno, "stat", path);
  return ToFileInfo(info);
}

Result<FileInfo> StatPath(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return Status::FromErrno(errno, "stat", path);
  return ToFileInfo(info);
}

Result<size_t> ReadDescriptorAt(int fd, uint64_t offset, std::span<std::byte> out,
                                const std::string& path) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Status::FromErrno(errno, "read", path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

Result<std::unique_ptr<ReadableFile>> OpenPosixForRead(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(FileDescriptor fd, FileDescriptor::Open(path, O_RDONLY, "open"));
  return std::unique_ptr<ReadableFile>(std::make_unique<PosixReadableFile>(path, std::move(fd)));
}

Result<std::unique_ptr<WritableFile>> OpenPosixForWrite(const std::string& path,
                                                        WriteOpening opening) {
  const int flags = O_WRONLY | O_CREAT | O_APPEND;
  const int how = opening == WriteOpening::kTruncate ? O_TRUNC : O_EXCL;
  AVOCET_ASSIGN_OR_RETURN(FileDescriptor fd, FileDescriptor::Open(path, flags | how, "create"));
  return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(path, std::move(fd)));
}

Result<std::string> ReadPosixFile(const std::string& path) {
  constexpr size_t kGrowthBytes = 64 << 10;
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, OpenPosixForRead(path));
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, file->Stat());
  if (info.is_directory) return Status::FromErrno(EISDIR, "read", path);
  std::string bytes;
  // The size is only a hint: files in /proc say 0, and a file may grow while it is read.
  size_t want = info.size_bytes > 0 ? static_cast<size_t>(info.size_bytes) + 1 : kGrowthBytes;
  while (true) {
    const size_t old_size = bytes.size();
    bytes.resize(old_size + want);
    AVOCET_ASSIGN_OR_RETURN(const size_t n,
                            file->Read(std::as_writable_bytes(std::span(bytes).subspan(old_size))));
    bytes.resize(old_size + n);
    if (n == 0) return bytes;
    want = n < want ? want - n : kGrowthBytes;
  }
}

}  // namespace avocet
