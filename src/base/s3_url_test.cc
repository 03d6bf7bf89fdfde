#include "src/base/s3_url.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(S3Url, NamesBucketAndPrefix) {
  EXPECT_EQ(ParseS3Url("s3://b")->bucket, "b");
  EXPECT_EQ(ParseS3Url("s3://b/")->prefix, "");
  EXPECT_EQ(ParseS3Url("s3://b/a/c")->prefix, "a/c");
  for (const char* wrong : {"", "b/a", "s3:/b", "s3://", "s3:///a", "http://b"}) {
    EXPECT_EQ(ParseS3Url(wrong).status().code(), StatusCode::kConfig) << wrong;
  }
}

}  // namespace
}  // namespace avocet
