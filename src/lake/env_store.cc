#include "src/lake/env_store.h"

#include <algorithm>
#include <cstring>

namespace avocet {
namespace {

int32_t Report(const Status& status, AvFsError* error) {
  if (status.ok()) return AV_OK;
  error->message_len = std::min(status.message().size(), sizeof(error->message));
  std::memcpy(error->message, status.message().data(), error->message_len);
  switch (status.code()) {
    case StatusCode::kNotFound:
      return AV_NOT_FOUND;
    case StatusCode::kAlreadyExists:
      return AV_ALREADY_EXISTS;
    case StatusCode::kNoSpace:
      return AV_NO_SPACE;
    case StatusCode::kPermission:
      return AV_PERMISSION;
    default:
      return AV_IO;
  }
}

}  // namespace

AvFs EnvStore::Fs() {
  return {.ctx = this, .read = Read, .stat = Stat, .list = List, .put = Put, .remove = Remove};
}

std::string EnvStore::FullPath(const char* path, size_t path_len) const {
  std::string full = root_;
  if (path_len > 0) full.append("/").append(path, path_len);
  return full;
}

Status EnvStore::ListBelow(const std::string& relative, AvFsListFn on_file, void* list_ctx) {
  auto entries = env_->List(FullPath(relative.data(), relative.size()));
  if (!entries.ok()) {
    const bool missing = entries.status().code() == StatusCode::kNotFound;
    return missing ? Status::Ok() : entries.status();
  }
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = relative.empty() ? entry.name : relative + "/" + entry.name;
    if (entry.is_directory) {
      AVOCET_RETURN_IF_ERROR(ListBelow(path, on_file, list_ctx));
      continue;
    }
    auto info = env_->Stat(FullPath(path.data(), path.size()));
    if (!info.ok()) {
      // A file that vanishes between listing and stat was not there.
      if (info.status().code() == StatusCode::kNotFound) continue;
      return info.status();
    }
    on_file(list_ctx, path.data(), path.size(), info->size_bytes, info->modified_us / 1000);
  }
  return Status::Ok();
}

int32_t EnvStore::Read(void* ctx, const char* path, size_t path_len, uint64_t offset, uint8_t* dst,
                       size_t len, size_t* read_len, AvFsError* error) {
  auto* self = static_cast<EnvStore*>(ctx);
  auto file = self->env_->OpenForRead(self->FullPath(path, path_len));
  if (!file.ok()) return Report(file.status(), error);
  auto read = (*file)->ReadAt(offset, {reinterpret_cast<std::byte*>(dst), len});
  if (!read.ok()) return Report(read.status(), error);
  *read_len = *read;
  return AV_OK;
}

int32_t EnvStore::Stat(void* ctx, const char* path, size_t path_len, uint64_t* size,
                       int64_t* modified_ms, AvFsError* error) {
  auto* self = static_cast<EnvStore*>(ctx);
  auto info = self->env_->Stat(self->FullPath(path, path_len));
  if (!info.ok()) return Report(info.status(), error);
  if (info->is_directory) return Report(Status::NotFound("is a directory"), error);
  *size = info->size_bytes;
  *modified_ms = info->modified_us / 1000;
  return AV_OK;
}

int32_t EnvStore::List(void* ctx, const char* dir, size_t dir_len, AvFsListFn on_file,
                       void* list_ctx, AvFsError* error) {
  auto* self = static_cast<EnvStore*>(ctx);
  return Report(self->ListBelow(std::string(dir, dir_len), on_file, list_ctx), error);
}

int32_t EnvStore::Put(void* ctx, const char* path, size_t path_len, const uint8_t* data, size_t len,
                      int32_t create_new, AvFsError* error) {
  auto* self = static_cast<EnvStore*>(ctx);
  const std::string_view bytes(reinterpret_cast<const char*>(data), len);
  const PutMode mode = create_new != 0 ? PutMode::kCreateNew : PutMode::kReplace;
  return Report(self->env_->PutDurably(self->FullPath(path, path_len), bytes, mode), error);
}

int32_t EnvStore::Remove(void* ctx, const char* path, size_t path_len, AvFsError* error) {
  auto* self = static_cast<EnvStore*>(ctx);
  return Report(self->env_->Remove(self->FullPath(path, path_len)), error);
}

}  // namespace avocet
