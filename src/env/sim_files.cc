#include "src/env/sim_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace avocet {

namespace {

class SimReadableFile : public ReadableFile {
 public:
  SimReadableFile(std::shared_ptr<SimCore> core, std::string path, SimDisk::InodePtr inode)
      : core_(std::move(core)),
        path_(std::move(path)),
        inode_(std::move(inode)),
        process_(core_->process()) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> out) override {
    size_t size = 0;
    AVOCET_RETURN_IF_ERROR(core_->PerformAs(process_, SimOp::kRead, "read", path_, [&](SimDisk&) {
      if (inode_->is_directory) return EISDIR;
      if (offset >= inode_->data.size()) return 0;
      size = std::min<size_t>(out.size(), inode_->data.size() - static_cast<size_t>(offset));
      std::memcpy(out.data(), inode_->data.data() + offset, size);
      return 0;
    }));
    return size;
  }

  Result<size_t> Read(std::span<std::byte> out) override {
    AVOCET_ASSIGN_OR_RETURN(const size_t size, ReadAt(position_, out));
    position_ += size;
    return size;
  }

  Result<FileInfo> Stat() override {
    FileInfo info;
    AVOCET_RETURN_IF_ERROR(core_->PerformAs(process_, SimOp::kStat, "stat", path_, [&](SimDisk&) {
      info = SimFileInfo(*inode_);
      return 0;
    }));
    return info;
  }

 private:
  const std::shared_ptr<SimCore> core_;
  const std::string path_;
  const SimDisk::InodePtr inode_;
  const SimCore::ProcessNumber process_;
  uint64_t position_ = 0;
};

class SimWritableFile : public WritableFile {
 public:
  SimWritableFile(std::shared_ptr<SimCore> core, std::string path, SimDisk::InodePtr inode)
      : core_(std::move(core)),
        path_(std::move(path)),
        inode_(std::move(inode)),
        process_(core_->process()) {}

  Status Append(std::string_view bytes) override {
    AVOCET_RETURN_IF_ERROR(CheckUsable());
    return core_->PerformAs(process_, SimOp::kAppend, "write", path_,
                            [&](SimDisk& disk) { return disk.Append(inode_.get(), bytes); });
  }

  Status Sync() override {
    AVOCET_RETURN_IF_ERROR(CheckUsable());
    bool reached_disk = false;
    Status status = core_->PerformAs(process_, SimOp::kSync, "sync", path_, [&](SimDisk&) {
      inode_->Sync();
      reached_disk = true;
      return 0;
    });
    if (status.ok()) return status;
    // As on Linux: the dirty pages count as written, are not, and a second sync would succeed.
    final_error_ = status;
    if (!reached_disk) {
      core_->Inspect([&](SimDisk&) {
        inode_->dropped = true;
        return 0;
      });
    }
    return status;
  }

  Status Close() override {
    if (std::exchange(closed_, true)) return Status::Ok();
    return core_->PerformAs(process_, SimOp::kClose, "close", path_, [](SimDisk&) { return 0; });
  }

 private:
  Status CheckUsable() {
    if (!final_error_.ok()) return final_error_;
    if (closed_) return Status::Io("cannot write " + path_ + ": the file is closed");
    return Status::Ok();
  }

  const std::shared_ptr<SimCore> core_;
  const std::string path_;
  const SimDisk::InodePtr inode_;
  const SimCore::ProcessNumber process_;
  bool closed_ = false;
  Status final_error_;
};

class SimFileLock : public FileLock {
 public:
  SimFileLock(std::shared_ptr<SimCore> core, SimDisk::InodePtr inode,
              SimCore::ProcessNumber process)
      : core_(std::move(core)), inode_(std::move(inode)), process_(process) {}
  ~SimFileLock() override { core_->Unlock(inode_.get(), process_); }

 private:
  const std::shared_ptr<SimCore> core_;
  const SimDisk::InodePtr inode_;
  const SimCore::ProcessNumber process_;
};

}  // namespace

FileInfo SimFileInfo(const SimInode& inode) {
  FileInfo info;
  info.size_bytes = inode.data.size();
  info.modified_us = inode.modified_us;
  info.device = 1;
  info.inode = inode.id;
  info.is_directory = inode.is_directory;
  return info;
}

Result<std::unique_ptr<ReadableFile>> OpenSimForRead(std::shared_ptr<SimCore> core,
                                                     const std::string& path) {
  SimDisk::InodePtr inode;
  AVOCET_RETURN_IF_ERROR(core->Perform(SimOp::kOpenForRead, "open", path, {path},
                                       [&](SimDisk& disk) { return disk.Find(path, &inode); }));
  return std::unique_ptr<ReadableFile>(
      std::make_unique<SimReadableFile>(std::move(core), path, std::move(inode)));
}

Result<std::unique_ptr<WritableFile>> OpenSimForWrite(std::shared_ptr<SimCore> core,
                                                      const std::string& path, bool must_be_new) {
  SimDisk::InodePtr inode;
  AVOCET_RETURN_IF_ERROR(
      core->Perform(SimOp::kOpenForWrite, "create", path, {path},
                    [&](SimDisk& disk) { return disk.CreateFile(path, must_be_new, &inode); }));
  return std::unique_ptr<WritableFile>(
      std::make_unique<SimWritableFile>(std::move(core), path, std::move(inode)));
}

Result<std::unique_ptr<FileLock>> LockSimFile(std::shared_ptr<SimCore> core,
                                              const std::string& path, std::string_view owner) {
  SimDisk::InodePtr inode;
  std::optional<std::string> holder;
  const SimCore::ProcessNumber process = core->process();
  const Status status = core->Perform(SimOp::kLock, "lock", path, {path}, [&](SimDisk& disk) {
    int error = disk.Find(path, &inode);
    if (error == ENOENT) error = disk.CreateFile(path, true, &inode);
    if (error != 0) return error;
    if (inode->is_directory) return EISDIR;
    holder = inode->lock_owner;
    if (holder.has_value()) return 0;
    disk.Empty(inode.get());
    error = disk.Append(inode.get(), owner);
    if (error == 0) inode->lock_owner = owner;
    return error;
  });
  if (holder.has_value()) {
    return Status::Conflict("cannot lock " + path + ": it is in use by " + *holder);
  }
  if (!status.ok()) {
    // A fault may strike after the lock was taken; nobody would ever release it.
    if (inode != nullptr) core->Unlock(inode.get(), process);
    return status;
  }
  return std::unique_ptr<FileLock>(
      std::make_unique<SimFileLock>(std::move(core), std::move(inode), process));
}

}  // namespace avocet
