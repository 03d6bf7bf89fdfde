#include "src/base/s3_url.h"

namespace avocet {
namespace {

constexpr std::string_view kScheme = "s3://";

}  // namespace

bool IsS3Url(std::string_view text) { return text.starts_with(kScheme); }

Result<S3Location> ParseS3Url(std::string_view url) {
  const Status wrong =
      Status::Config("cannot read \"" + std::string(url) + "\": write it as s3://bucket/prefix");
  if (!IsS3Url(url)) return wrong;
  url.remove_prefix(kScheme.size());
  const size_t slash = url.find('/');
  S3Location location;
  location.bucket = url.substr(0, slash);
  if (slash != std::string_view::npos) location.prefix = url.substr(slash + 1);
  if (location.bucket.empty()) return wrong;
  return location;
}

}  // namespace avocet
