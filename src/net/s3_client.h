// S3Client: the objects of one bucket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/net/aws_transport.h"

namespace avocet {

struct S3Object {
  std::string key;
  std::string etag;  ///< with its quotes
  uint64_t size_bytes = 0;
  int64_t modified_us = 0;  ///< since 1970
};

struct S3Page {
  std::vector<S3Object> objects;  ///< in the order of their keys, as bytes
  bool more = false;              ///< there are others behind the last one
};

/// Whether a request failed because its bucket does not exist.
bool IsNoSuchBucket(const Status& status);

/// Calls block, and may come from any thread, several at once. Errors as AwsJsonService::Call.
class S3Client {
 public:
  /// Empty `endpoint`: S3 of the transport's region. `path_style`: the bucket stands in the path;
  /// so it does with an endpoint that is an address, or a bucket with a dot.
  S3Client(std::shared_ptr<AwsTransport> transport, std::string bucket, const std::string& endpoint,
           bool path_style);

  /// The objects whose keys begin with `prefix` and come after `after`.
  Result<S3Page> List(const std::string& prefix, const std::string& after);

  /// What stands between `prefix` and the next slash in keys that begin with it, `prefix` in front.
  Result<std::vector<std::string>> ListFolders(const std::string& prefix);

  /// Reads up to out.size() bytes at `offset`; fewer only at the end. `etag`, when not empty:
  /// kConflict if the object has another one.
  Result<size_t> Read(const std::string& key, const std::string& etag, uint64_t offset,
                      std::span<char> out);

  /// `create_new`: kAlreadyExists, and no change, when there is an object with this key. After
  /// kUnavailable the object may or may not have been written.
  Status Put(const std::string& key, std::string_view bytes, bool create_new = false);

  /// Without its key. kNotFound when it does not exist.
  Result<S3Object> Stat(const std::string& key);

  /// Ok, too, when there is no such object.
  Status Remove(const std::string& key);

  /// Whether versioning of the bucket is or was on, so that what was removed may still be there.
  Result<bool> KeepsVersions();

  void Cancel() { transport_->Cancel(); }

 private:
  std::string Url(std::string_view key) const;

  const std::shared_ptr<AwsTransport> transport_;
  const std::string bucket_;
  std::string base_;  // URL of the bucket, without a slash at its end
};

/// %XX and + back to bytes and blanks, as keys are written in listings and notifications.
std::string FormUnescaped(std::string_view text);

/// Everything but letters, digits and -_.~ as %XX; slashes stay when `keep_slashes`.
std::string UrlEscaped(std::string_view text, bool keep_slashes);

}  // namespace avocet
