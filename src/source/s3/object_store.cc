#include "src/source/s3/object_store.h"

#include <utility>

namespace avocet {
namespace {

class S3Store : public ObjectStore {
 public:
  S3Store(std::unique_ptr<S3Client> client, std::string prefix)
      : client_(std::move(client)), prefix_(std::move(prefix)) {}

  Result<S3Page> List(const std::string& after) override { return client_->List(prefix_, after); }
  Result<size_t> Read(const S3Object& object, uint64_t offset, std::span<char> out) override {
    return client_->Read(object.key, object.etag, offset, out);
  }
  void Cancel() override { client_->Cancel(); }

 private:
  const std::unique_ptr<S3Client> client_;
  const std::string prefix_;
};

}  // namespace

std::unique_ptr<ObjectStore> MakeS3Store(std::unique_ptr<S3Client> client, std::string prefix) {
  return std::make_unique<S3Store>(std::move(client), std::move(prefix));
}

}  // namespace avocet
