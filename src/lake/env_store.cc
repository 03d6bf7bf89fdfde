#include "src/lake/env_store.h"

namespace avocet {

std::string EnvStore::Shown(std::string_view path) const {
  std::string full = root_;
  if (!path.empty()) full.append("/").append(path);
  return full;
}

Result<size_t> EnvStore::Read(const std::string& path, uint64_t offset, std::span<std::byte> out) {
  AVOCET_ASSIGN_OR_RETURN(const auto file, env_->OpenForRead(Shown(path)));
  return file->ReadAt(offset, out);
}

Result<std::string> EnvStore::ReadFile(const std::string& path) {
  return env_->ReadFile(Shown(path));
}

Result<LakeFile> EnvStore::Stat(const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, env_->Stat(Shown(path)));
  if (info.is_directory) return Status::NotFound(Shown(path) + " is a directory");
  return LakeFile{path, info.size_bytes, info.modified_us};
}

Result<std::vector<LakeFile>> EnvStore::List(const std::string& folder, const std::string&) {
  std::vector<LakeFile> files;
  AVOCET_RETURN_IF_ERROR(ListBelow(folder, &files));
  return files;
}

Status EnvStore::ListBelow(const std::string& folder, std::vector<LakeFile>* files) {
  auto entries = env_->List(Shown(folder));
  if (!entries.ok()) {
    const bool missing = entries.status().code() == StatusCode::kNotFound;
    return missing ? Status::Ok() : entries.status();
  }
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
    if (entry.is_directory) {
      AVOCET_RETURN_IF_ERROR(ListBelow(path, files));
      continue;
    }
    auto file = Stat(path);
    if (!file.ok()) {
      // A file that vanishes between listing and stat was not there.
      if (file.status().code() == StatusCode::kNotFound) continue;
      return file.status();
    }
    files->push_back(*std::move(file));
  }
  return Status::Ok();
}

Result<bool> EnvStore::HasFolder(const std::string& folder) {
  return env_->Stat(Shown(folder)).ok();
}

Result<std::vector<std::string>> EnvStore::Folders(const std::string& folder) {
  std::vector<std::string> names;
  auto entries = env_->List(Shown(folder));
  if (entries.status().code() == StatusCode::kNotFound) return names;
  if (!entries.ok()) return entries.status();
  for (DirectoryEntry& entry : *entries) {
    if (entry.is_directory) names.push_back(std::move(entry.name));
  }
  return names;
}

Status EnvStore::Put(const std::string& path, std::string_view bytes, PutMode mode) {
  return env_->PutDurably(Shown(path), bytes, mode);
}

Status EnvStore::Remove(const std::string& path) { return env_->Remove(Shown(path)); }

}  // namespace avocet
