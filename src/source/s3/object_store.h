// ObjectStore: the calls that reading the objects of a bucket takes. Tests have one in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/net/s3_client.h"

namespace avocet {

/// Calls block, come from several threads, and fail as those of S3Client do.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// The objects of the source behind the key `after`.
  virtual Result<S3Page> List(const std::string& after) = 0;
  /// kConflict: the object has been replaced; kNotFound: it is gone.
  virtual Result<size_t> Read(const S3Object& object, uint64_t offset, std::span<char> out) = 0;
  /// Calls under way and later ones return kCancelled.
  virtual void Cancel() = 0;
};

/// The objects below a prefix of a bucket.
std::unique_ptr<ObjectStore> MakeS3Store(std::unique_ptr<S3Client> client, std::string prefix);

}  // namespace avocet
