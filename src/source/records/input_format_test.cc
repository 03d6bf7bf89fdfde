#include "src/source/records/input_format.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

std::string Detected(std::string_view prefix, bool at_end,
                     InputFormat hint = InputFormat::kUnknown) {
  const auto format = DetectFormat(prefix, hint, at_end);
  return format.has_value() ? std::string(InputFormatName(*format)) : "more";
}

TEST(InputFormat, ObjectsOnLinesAreNdjson) {
  EXPECT_EQ(Detected("{\"a\":1}\n{\"a\":2}\n", false), "ndjson");
  EXPECT_EQ(Detected("{\"a\":1}", true), "ndjson");
  EXPECT_EQ(Detected("{\"a\":1}\r\n", false), "ndjson");
  EXPECT_EQ(Detected("{\"a\":{\"b\":\"}{\"}}\n{", false), "ndjson");
  EXPECT_EQ(Detected("{\"a\":\"\\\"}{\"}\n", false), "ndjson");
  EXPECT_EQ(Detected("{\"a\":1} trailing\n", false), "ndjson");
  EXPECT_EQ(Detected("{broken\n{\"a\":1}{\"a\":2}\n", false), "ndjson");
}

TEST(InputFormat, ObjectsOneAfterTheOtherAreJson) {
  EXPECT_EQ(Detected("{\"a\":1}{\"a\":2}", false), "json");
  EXPECT_EQ(Detected("{\"a\":{\"b\":1}} , {", false), "json");
  EXPECT_EQ(Detected("{\n  \"a\": 1\n}", false), "json");
  EXPECT_EQ(Detected("[{\"a\":1}]", false), "json");
}

// Until the first object and what follows it are there.
TEST(InputFormat, MoreBytesMayBeNeeded) {
  EXPECT_EQ(Detected("", false), "more");
  EXPECT_EQ(Detected("{\"a\":1", false), "more");
  EXPECT_EQ(Detected("{\"a\":1} ", false), "more");
  EXPECT_EQ(Detected("{\"a\":\"" + std::string(kFormatProbeBytes, 'x'), false), "ndjson");
}

}  // namespace
}  // namespace avocet
