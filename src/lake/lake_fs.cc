#include "src/lake/lake_fs.h"

#include <algorithm>
#include <cstring>
#include <string>

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

LakeStore* StoreOf(void* ctx) { return static_cast<LakeStore*>(ctx); }

int32_t Read(void* ctx, const char* path, size_t path_len, uint64_t offset, uint8_t* dst,
             size_t len, size_t* read_len, AvFsError* error) {
  auto read = StoreOf(ctx)->Read(std::string(path, path_len), offset,
                                 {reinterpret_cast<std::byte*>(dst), len});
  if (!read.ok()) return Report(read.status(), error);
  *read_len = *read;
  return AV_OK;
}

int32_t Stat(void* ctx, const char* path, size_t path_len, uint64_t* size, int64_t* modified_ms,
             AvFsError* error) {
  auto file = StoreOf(ctx)->Stat(std::string(path, path_len));
  if (!file.ok()) return Report(file.status(), error);
  *size = file->size_bytes;
  *modified_ms = file->modified_us / 1000;
  return AV_OK;
}

int32_t List(void* ctx, const char* dir, size_t dir_len, const char* from, size_t from_len,
             AvFsListFn on_file, void* list_ctx, AvFsError* error) {
  auto files = StoreOf(ctx)->List(std::string(dir, dir_len), std::string(from, from_len));
  if (!files.ok()) return Report(files.status(), error);
  for (const LakeFile& file : *files) {
    on_file(list_ctx, file.path.data(), file.path.size(), file.size_bytes, file.modified_us / 1000);
  }
  return AV_OK;
}

int32_t Put(void* ctx, const char* path, size_t path_len, const uint8_t* data, size_t len,
            int32_t create_new, AvFsError* error) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), len);
  const PutMode mode = create_new != 0 ? PutMode::kCreateNew : PutMode::kReplace;
  return Report(StoreOf(ctx)->Put(std::string(path, path_len), bytes, mode), error);
}

int32_t Remove(void* ctx, const char* path, size_t path_len, AvFsError* error) {
  return Report(StoreOf(ctx)->Remove(std::string(path, path_len)), error);
}

}  // namespace

AvFs FsOf(LakeStore* store) {
  return {.ctx = store,
          .is_remote = store->is_remote() ? 1 : 0,
          .read = Read,
          .stat = Stat,
          .list = List,
          .put = Put,
          .remove = Remove};
}

}  // namespace avocet
