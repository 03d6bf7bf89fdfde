#include "src/engine/snapshot_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace avocet {
namespace {

constexpr std::string_view kSuffix = ".snapshot";
constexpr std::string_view kUnfinishedSuffix = ".unfinished";
constexpr size_t kKept = 2;

std::string PathOf(const std::string& dir, int64_t epoch, std::string_view suffix) {
  return fmt::format("{}/{:012}{}", dir, epoch, suffix);
}

Result<std::vector<int64_t>> ListFiles(Env* env, const std::string& dir, std::string_view suffix) {
  auto entries = env->List(dir);
  if (!entries.ok()) {
    if (entries.status().code() == StatusCode::kNotFound) return std::vector<int64_t>();
    return entries.status();
  }
  std::vector<int64_t> epochs;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(suffix)) continue;
    int64_t epoch = 0;
    const char* end = entry.name.data() + entry.name.size() - suffix.size();
    const auto parsed = std::from_chars(entry.name.data(), end, epoch);
    if (parsed.ec == std::errc() && parsed.ptr == end) epochs.push_back(epoch);
  }
  std::sort(epochs.rbegin(), epochs.rend());
  return epochs;
}

}  // namespace

UnfinishedSnapshot::UnfinishedSnapshot(Env* env, std::string dir, int64_t epoch)
    : env_(env),
      dir_(std::move(dir)),
      epoch_(epoch),
      path_(PathOf(dir_, epoch, kUnfinishedSuffix)) {}

Result<std::unique_ptr<UnfinishedSnapshot>> UnfinishedSnapshot::Create(Env* env,
                                                                       const std::string& dir,
                                                                       int64_t epoch) {
  AVOCET_RETURN_IF_ERROR(env->MakeDirectories(dir));
  std::unique_ptr<UnfinishedSnapshot> snapshot(new UnfinishedSnapshot(env, dir, epoch));
  AVOCET_ASSIGN_OR_RETURN(snapshot->file_, env->OpenForWrite(snapshot->path_));
  return snapshot;
}

UnfinishedSnapshot::~UnfinishedSnapshot() {
  if (file_ == nullptr) return;
  // What cannot be removed now is at the next start.
  static_cast<void>(file_->Close());
  static_cast<void>(env_->Remove(path_));
}

Status UnfinishedSnapshot::Publish() {
  AVOCET_RETURN_IF_ERROR(file_->Sync());
  AVOCET_RETURN_IF_ERROR(file_->Close());
  AVOCET_RETURN_IF_ERROR(env_->Rename(path_, PathOf(dir_, epoch_, kSuffix)));
  file_.reset();
  AVOCET_RETURN_IF_ERROR(env_->SyncDirectory(dir_));
  AVOCET_ASSIGN_OR_RETURN(const auto epochs, ListSnapshots(env_, dir_));
  for (size_t i = kKept; i < epochs.size(); ++i) {
    AVOCET_RETURN_IF_ERROR(RemoveSnapshot(env_, dir_, epochs[i]));
  }
  return Status::Ok();
}

Result<std::vector<int64_t>> ListSnapshots(Env* env, const std::string& dir) {
  return ListFiles(env, dir, kSuffix);
}

Status RemoveSnapshot(Env* env, const std::string& dir, int64_t epoch) {
  return env->Remove(PathOf(dir, epoch, kSuffix));
}

Status RemoveUnfinishedSnapshots(Env* env, const std::string& dir) {
  AVOCET_ASSIGN_OR_RETURN(const auto epochs, ListFiles(env, dir, kUnfinishedSuffix));
  for (const int64_t epoch : epochs) {
    AVOCET_RETURN_IF_ERROR(env->Remove(PathOf(dir, epoch, kUnfinishedSuffix)));
  }
  return Status::Ok();
}

Result<SnapshotReader> OpenSnapshotFile(Env* env, const std::string& dir, int64_t epoch) {
  const std::string path = PathOf(dir, epoch, kSuffix);
  AVOCET_ASSIGN_OR_RETURN(auto opened, env->OpenForRead(path));
  const std::shared_ptr<ReadableFile> file = std::move(opened);
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, file->Stat());
  const auto read = [file](uint64_t offset, std::span<std::byte> out) -> Status {
    AVOCET_ASSIGN_OR_RETURN(const size_t bytes, file->ReadAt(offset, out));
    return bytes == out.size() ? Status::Ok() : Status::Corrupt("it ends too early");
  };
  auto reader = SnapshotReader::Open(read, info.size_bytes);
  if (!reader.ok()) return reader.status().WithContext("cannot use snapshot " + path);
  return reader;
}

}  // namespace avocet
