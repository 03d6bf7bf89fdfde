// EnvStore: the file system that rust/lake sees, below one root directory of an Env.
#pragma once

#include <string>

#include "avocet_lake.h"
#include "src/env/env.h"

namespace avocet {

/// Must outlive every AvLake opened on its Fs(). Safe from any thread.
class EnvStore {
 public:
  EnvStore(Env* env, std::string root) : env_(env), root_(std::move(root)) {}
  AvFs Fs();

 private:
  std::string FullPath(const char* path, size_t path_len) const;
  Status ListBelow(const std::string& relative, AvFsListFn on_file, void* list_ctx);

  static int32_t Read(void* ctx, const char* path, size_t path_len, uint64_t offset, uint8_t* dst,
                      size_t len, size_t* read_len, AvFsError* error);
  static int32_t Stat(void* ctx, const char* path, size_t path_len, uint64_t* size,
                      int64_t* modified_ms, AvFsError* error);
  static int32_t List(void* ctx, const char* dir, size_t dir_len, AvFsListFn on_file,
                      void* list_ctx, AvFsError* error);
  static int32_t Put(void* ctx, const char* path, size_t path_len, const uint8_t* data, size_t len,
                     int32_t create_new, AvFsError* error);
  static int32_t Remove(void* ctx, const char* path, size_t path_len, AvFsError* error);

  Env* env_;
  std::string root_;
};

}  // namespace avocet
