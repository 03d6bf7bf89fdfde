#include "src/env/sim_env.h"

#include <cerrno>
#include <thread>
#include <utility>

#include "src/env/sim_calls.h"
#include "src/env/sim_files.h"

namespace avocet {

namespace {

// Runs `change(inode)` on the stored file, for damage that is no operation of the program.
template <typename Change>
Status ChangeStored(SimCore* core, const std::string& path, Change&& change) {
  return core->Inspect([&](SimDisk& disk) {
    SimDisk::InodePtr inode;
    int error = disk.Find(path, &inode);
    if (error == 0 && inode->is_directory) error = EISDIR;
    if (error != 0) return Status::FromErrno(error, "damage", path);
    return change(disk, inode.get());
  });
}

}  // namespace

SimEnv::SimEnv(SimOptions options)
    : SimEnv(options, [](std::unique_ptr<FileSystemCalls> calls) { return calls; }) {}

SimEnv::SimEnv(SimOptions options, const WrapCalls& wrap)
    : process_id_(options.process_id),
      core_(std::make_shared<SimCore>(options.seed, options.start_us)),
      calls_(wrap(std::make_unique<SimCalls>(core_))),
      writer_(std::make_unique<DurableWriter>(calls_.get(), process_id_)) {}

SimEnv::~SimEnv() = default;

void SimEnv::Restart(SimCrash crash) {
  core_->Restart(crash);
  writer_ = std::make_unique<DurableWriter>(calls_.get(), process_id_);
}

void SimEnv::SetDiskCapacity(std::optional<uint64_t> bytes) {
  core_->Inspect([&](SimDisk& disk) { disk.SetCapacity(bytes); });
}

uint64_t SimEnv::used_bytes() const {
  return core_->Inspect([](SimDisk& disk) { return disk.used_bytes(); });
}

size_t SimEnv::num_stored_inodes() const {
  return core_->Inspect([](SimDisk& disk) { return disk.num_inodes(); });
}

Status SimEnv::CorruptByte(const std::string& path, uint64_t offset, uint8_t mask) {
  return ChangeStored(core_.get(), path, [&](SimDisk&, SimInode* inode) {
    if (offset >= inode->data.size()) {
      return Status::Invalid("cannot damage " + path + ": it is shorter than " +
                             std::to_string(offset + 1) + " bytes");
    }
    for (std::string* content : {&inode->data, &inode->durable}) {
      if (offset < content->size()) {
        (*content)[offset] = static_cast<char>((*content)[offset] ^ mask);
      }
    }
    return Status::Ok();
  });
}

Status SimEnv::TruncateFile(const std::string& path, uint64_t size_bytes) {
  return ChangeStored(core_.get(), path, [&](SimDisk& disk, SimInode* inode) {
    if (size_bytes > inode->data.size()) {
      return Status::Invalid("cannot cut " + path + ": it is shorter than " +
                             std::to_string(size_bytes) + " bytes");
    }
    disk.Truncate(inode, size_bytes);
    return Status::Ok();
  });
}

std::vector<std::string> SimEnv::Files() const {
  return core_->Inspect([](SimDisk& disk) { return disk.Files(); });
}

Result<std::unique_ptr<ReadableFile>> SimEnv::OpenForRead(const std::string& path) {
  return OpenSimForRead(core_, path);
}

Result<std::unique_ptr<WritableFile>> SimEnv::OpenForWrite(const std::string& path) {
  return OpenSimForWrite(core_, path, /*must_be_new=*/false);
}

Result<std::string> SimEnv::ReadFile(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, OpenForRead(path));
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, file->Stat());
  std::string bytes(info.size_bytes, '\0');
  AVOCET_ASSIGN_OR_RETURN(const size_t size,
                          file->ReadAt(0, std::as_writable_bytes(std::span(bytes))));
  bytes.resize(size);
  return bytes;
}

Result<FileInfo> SimEnv::Stat(const std::string& path) { return calls_->Stat(path); }

Result<std::vector<DirectoryEntry>> SimEnv::List(const std::string& directory) {
  std::vector<DirectoryEntry> entries;
  AVOCET_RETURN_IF_ERROR(
      core_->Perform(SimOp::kList, "list directory", directory, {directory}, [&](SimDisk& disk) {
        return disk.List(directory, [&](const std::string& name, const SimInode& inode) {
          entries.push_back({name, inode.is_directory});
        });
      }));
  return entries;
}

Status SimEnv::MakeDirectories(const std::string& directory) {
  return writer_->directories().Make(directory);
}

Status SimEnv::Rename(const std::string& from, const std::string& to) {
  return calls_->Rename(from, to);
}

Status SimEnv::Remove(const std::string& path) { return calls_->Remove(path); }

Status SimEnv::SyncDirectory(const std::string& directory) {
  return calls_->SyncDirectory(directory);
}

Status SimEnv::PutDurably(const std::string& path, std::string_view bytes, PutMode mode) {
  return writer_->Put(path, bytes, mode);
}

Result<std::unique_ptr<FileLock>> SimEnv::Lock(const std::string& path, std::string_view owner) {
  return LockSimFile(core_, path, owner);
}

void SimEnv::SleepFor(std::chrono::nanoseconds duration) {
  core_->Advance(duration);
  // Threads that poll would otherwise starve those they wait for.
  std::this_thread::yield();
}

}  // namespace avocet
