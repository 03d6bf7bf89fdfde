#include "src/env/durable_writer.h"

#include <cerrno>
#include <utility>

#include "src/env/kill_point.h"
#include "src/env/parent_path.h"

namespace avocet {

namespace {

// Temporary files that a dead process with the same id left behind are stepped over.
constexpr int kMaxNameAttempts = 10'000;

Status WriteDurably(WritableFile* file, std::string_view bytes) {
  AVOCET_RETURN_IF_ERROR(file->Append(bytes));
  AVOCET_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

}  // namespace

DurableWriter::DurableWriter(FileSystemCalls* calls, int64_t process_id)
    : calls_(*calls),
      directories_(calls),
      temporary_prefix_("/.tmp-" + std::to_string(process_id) + "-") {}

Status DurableWriter::Put(const std::string& path, std::string_view bytes, PutMode mode) {
  if (path.empty() || path.back() == '/') {
    return Status::Invalid("cannot write '" + path + "': the path has no file name");
  }
  const std::string directory = ParentPath(path);
  AVOCET_RETURN_IF_ERROR(directories_.Make(directory));
  // Link decides; this only saves the writing when the answer is known.
  if (mode == PutMode::kCreateNew && calls_.Stat(path).ok()) {
    return Status::FromErrno(EEXIST, "create", path);
  }
  AVOCET_ASSIGN_OR_RETURN(const TemporaryFile temporary, CreateTemporary(directory));
  Status status = WriteDurably(temporary.file.get(), bytes);
  KillPoint("file_written");
  if (status.ok()) status = Publish(temporary.path, path, mode);
  if (!status.ok()) {
    // The first error is the one to report; a file that stays is harmless.
    static_cast<void>(calls_.Remove(temporary.path));
    return status;
  }
  KillPoint("file_published");
  // The temporary name is gone before the directory is synced, so that it goes for good.
  return calls_.SyncDirectory(directory);
}

Result<DurableWriter::TemporaryFile> DurableWriter::CreateTemporary(const std::string& directory) {
  for (int attempt = 0;; ++attempt) {
    std::string path = directory + temporary_prefix_ + std::to_string(counter_.fetch_add(1));
    Result<std::unique_ptr<WritableFile>> file = calls_.CreateNewFile(path);
    if (file.ok()) return TemporaryFile{std::move(path), std::move(*file)};
    const bool taken = file.status().code() == StatusCode::kAlreadyExists;
    if (!taken || attempt >= kMaxNameAttempts) return file.status();
  }
}

Status DurableWriter::Publish(const std::string& temporary, const std::string& path, PutMode mode) {
  if (mode == PutMode::kReplace) return calls_.Rename(temporary, path);
  AVOCET_RETURN_IF_ERROR(calls_.Link(temporary, path));
  // The file has its name; a second one that stays is harmless.
  static_cast<void>(calls_.Remove(temporary));
  return Status::Ok();
}

}  // namespace avocet
