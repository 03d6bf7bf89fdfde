#include "src/base/protobuf_wire.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

using Type = ProtobufField::Type;

std::string Shown(std::string_view message) {
  std::string text;
  ProtobufReader reader(message);
  while (const auto field = reader.Next()) {
    text += std::to_string(field->number) + ":";
    text += field->type == Type::kBytes ? std::string(field->bytes) : std::to_string(field->value);
    text += " ";
  }
  return text + (reader.ok() ? "end" : "damaged");
}

// The examples of the encoding's documentation.
TEST(Protobuf, ReadsEveryWireType) {
  EXPECT_EQ(Shown(""), "end");
  EXPECT_EQ(Shown(std::string("\x08\x96\x01", 3)), "1:150 end");
  EXPECT_EQ(Shown("\x12\x07testing"), "2:testing end");
  EXPECT_EQ(Shown(std::string("\x0d\x01\x02\x00\x00", 5)), "1:513 end");
  EXPECT_EQ(Shown(std::string("\x09\x01\x00\x00\x00\x00\x00\x00\x80", 9)),
            "1:9223372036854775809 end");
  EXPECT_EQ(Shown("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "1:18446744073709551615 end");
}

TEST(Protobuf, SeesDamage) {
  EXPECT_EQ(Shown("\x08"), "damaged");                      // no value
  EXPECT_EQ(Shown("\x08\x01\x12\x07test"), "1:1 damaged");  // shorter than it says
  EXPECT_EQ(Shown("\x0b\x0c"), "damaged");                  // a group
  EXPECT_EQ(Shown(std::string("\x00\x01", 2)), "damaged");  // number 0
  EXPECT_EQ(Shown("\x0d\x01\x02"), "damaged");
  EXPECT_EQ(Shown("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "damaged");
}

}  // namespace
}  // namespace avocet
