#include "src/env/sim_calls.h"

#include "src/env/sim_files.h"

namespace avocet {

Result<std::unique_ptr<WritableFile>> SimCalls::CreateNewFile(const std::string& path) {
  return OpenSimForWrite(core_, path, /*must_be_new=*/true);
}

Result<FileInfo> SimCalls::Stat(const std::string& path) {
  FileInfo info;
  AVOCET_RETURN_IF_ERROR(core_->Perform(SimOp::kStat, "stat", path, {path}, [&](SimDisk& disk) {
    SimDisk::InodePtr inode;
    const int error = disk.Find(path, &inode);
    if (error == 0) info = SimFileInfo(*inode);
    return error;
  }));
  return info;
}

Status SimCalls::MakeDirectory(const std::string& directory) {
  return core_->Perform(SimOp::kMakeDirectory, "create directory", directory, {directory},
                        [&](SimDisk& disk) { return disk.MakeDirectory(directory); });
}

Status SimCalls::Rename(const std::string& from, const std::string& to) {
  return core_->Perform(SimOp::kRename, "rename", from + " to " + to, {from, to},
                        [&](SimDisk& disk) { return disk.Rename(from, to); });
}

Status SimCalls::Link(const std::string& from, const std::string& to) {
  return core_->Perform(SimOp::kLink, "create", to, {from, to},
                        [&](SimDisk& disk) { return disk.Link(from, to); });
}

Status SimCalls::Remove(const std::string& path) {
  return core_->Perform(SimOp::kRemove, "remove", path, {path},
                        [&](SimDisk& disk) { return disk.Remove(path); });
}

Status SimCalls::SyncDirectory(const std::string& directory) {
  return core_->Perform(SimOp::kSyncDirectory, "sync directory", directory, {directory},
                        [&](SimDisk& disk) { return disk.SyncDirectory(directory); });
}

}  // namespace avocet
