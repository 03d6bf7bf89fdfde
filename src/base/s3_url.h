// The place of objects in S3, as users write it.
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

struct S3Location {
  std::string bucket;
  std::string prefix;  ///< may be empty
};

/// Whether a text is meant as the place of objects in S3.
bool IsS3Url(std::string_view text);

/// "s3://bucket/some/prefix"; kConfig for anything else.
Result<S3Location> ParseS3Url(std::string_view url);

}  // namespace avocet
