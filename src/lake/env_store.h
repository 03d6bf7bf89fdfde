// EnvStore: a lake in a directory of an Env.
#pragma once

#include <string>
#include <vector>

#include "src/env/env.h"
#include "src/lake/lake_store.h"

namespace avocet {

/// Borrows `env`.
class EnvStore : public LakeStore {
 public:
  EnvStore(Env* env, std::string root) : env_(env), root_(std::move(root)) {}

  std::string Shown(std::string_view path) const override;
  Result<size_t> Read(const std::string& path, uint64_t offset, std::span<std::byte> out) override;
  Result<std::string> ReadFile(const std::string& path) override;
  Result<LakeFile> Stat(const std::string& path) override;
  Result<std::vector<LakeFile>> List(const std::string& folder, const std::string& from) override;
  Result<bool> HasFolder(const std::string& folder) override;
  Result<std::vector<std::string>> Folders(const std::string& folder) override;
  Status Put(const std::string& path, std::string_view bytes, PutMode mode) override;
  Status Remove(const std::string& path) override;
  bool is_remote() const override { return false; }
  Result<bool> KeepsRemoved() override { return false; }
  Status CheckCreateNew() override { return Status::Ok(); }

 private:
  Status ListBelow(const std::string& folder, std::vector<LakeFile>* files);

  Env* const env_;
  const std::string root_;
};

}  // namespace avocet
