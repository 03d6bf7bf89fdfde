// S3Store: a lake below a prefix of an S3 bucket.
//
// A request that found no answer, was throttled or met an error of the server is tried again for
// some seconds. Put with kCreateNew is a conditional PUT (If-None-Match): the server decides who
// was first. When an earlier attempt of the same Put may have come through, the object is read
// back, and is ours when it has our bytes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/s3_url.h"
#include "src/config/config.h"
#include "src/env/env.h"
#include "src/lake/lake_store.h"
#include "src/net/s3_client.h"

namespace avocet {

class S3Store : public LakeStore {
 public:
  /// Errors of ParseS3Url and AwsTransport::Open. Borrows `env`.
  static Result<std::unique_ptr<S3Store>> Open(const StorageConfig& storage, Env* env);
  S3Store(S3Client client, const S3Location& location, Env* env);

  std::string Shown(std::string_view path) const override;
  Result<size_t> Read(const std::string& path, uint64_t offset, std::span<std::byte> out) override;
  Result<std::string> ReadFile(const std::string& path) override;
  Result<LakeFile> Stat(const std::string& path) override;
  Result<std::vector<LakeFile>> List(const std::string& folder, const std::string& from) override;
  Result<bool> HasFolder(const std::string& folder) override;
  Result<std::vector<std::string>> Folders(const std::string& folder) override;
  Status Put(const std::string& path, std::string_view bytes, PutMode mode) override;
  Status Remove(const std::string& path) override;
  bool is_remote() const override { return true; }
  Result<bool> KeepsRemoved() override;
  /// kUnsupported when the server ignores the condition of a PUT.
  Status CheckCreateNew() override;

 private:
  std::string Key(std::string_view path) const;
  /// Calls `attempt` until its status is another than kUnavailable, or patience ends.
  Status WithRetry(std::string_view verb, std::string_view path,
                   const std::function<Status()>& attempt);
  Status PutNew(const std::string& key, std::string_view bytes, bool* may_be_ours);

  S3Client client_;
  const std::string bucket_;
  const std::string prefix_;  // empty, or with a slash at its end
  Env* const env_;
};

}  // namespace avocet
