#include "src/source/file/file_position.h"

#include <gtest/gtest.h>

#include "src/source/position_text.h"

namespace avocet {
namespace {

TEST(FilePosition, ReadsBackWhatItWrote) {
  FilePosition position;
  position.path = "d/a \"b\"\\\n\x01.csv";
  position.device = 1ULL << 63;
  position.inode = 77;
  position.split.offset = 512;
  position.split.format = InputFormat::kCsv;
  position.split.delimiter = '\t';
  position.split.header = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"time", "", "t\xC3\xA9mp"});
  position.fingerprint = {0x0123456789abcdefU, 300};
  position.size_bytes = 512;
  position.done = true;
  position.compressed = true;
  const auto read = DecodeFilePosition(EncodeFilePosition(position));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->path, position.path);
  EXPECT_EQ(read->device, position.device);
  EXPECT_EQ(read->inode, 77U);
  EXPECT_EQ(read->split.offset, 512U);
  EXPECT_EQ(read->split.format, InputFormat::kCsv);
  EXPECT_EQ(read->split.delimiter, '\t');
  EXPECT_EQ(*read->split.header, *position.split.header);
  EXPECT_EQ(read->fingerprint, position.fingerprint);
  EXPECT_EQ(read->size_bytes, 512U);
  EXPECT_TRUE(read->done && read->compressed);
  EXPECT_FALSE(read->damaged || read->split.in_array);
}

TEST(FilePosition, UnknownKeysAreIgnored) {
  const auto read = DecodeFilePosition(
      R"({"later":{"a":[1,{"b":null}]},"offset":7,"more":[["x"],1.5,true],"in_array":true})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->split.offset, 7U);
  EXPECT_TRUE(read->split.in_array);
}

TEST(FilePosition, DamagedTextIsCorrupt) {
  for (const char* text : {"", "{", "[]", "{\"a\"}", "{\"a\":}", "{\"a\":\"", "{\"a\":1}x",
                           "{\"a\":\"\\u12\"}", "{\"a\":\"\\x\"}", "{\"a\":[1,}"}) {
    const auto read = DecodeFilePosition(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.status().code(), StatusCode::kCorrupt);
  }
  EXPECT_FALSE(DecodeFilePosition(std::string(100'000, '[')).ok());
  EXPECT_FALSE(DecodeFilePosition("{\"a\":" + std::string(100'000, '[')).ok());
}

TEST(PositionText, WrongTypesGiveTheStandIn) {
  const auto text = PositionText::Parse(R"({"a":"1","b":-1,"c":18446744073709551616,"d":true})");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->Unsigned("a", 5), 5U);
  EXPECT_EQ(text->Unsigned("b", 5), 5U);
  EXPECT_EQ(text->Unsigned("c", 5), 5U);
  EXPECT_EQ(text->String("d"), "");
  EXPECT_TRUE(text->Bool("d"));
  EXPECT_FALSE(text->Bool("missing"));
}

}  // namespace
}  // namespace avocet
