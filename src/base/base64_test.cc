#include "src/base/base64.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

void Check(std::string_view bytes, std::string_view text) {
  std::string encoded = "x", decoded = "y";
  AppendBase64(bytes, &encoded);
  EXPECT_EQ(encoded, "x" + std::string(text));
  EXPECT_TRUE(AppendFromBase64(text, &decoded));
  EXPECT_EQ(decoded, "y" + std::string(bytes));
}

TEST(Base64, VectorsOfTheRfc) {
  Check("", "");
  Check("f", "Zg==");
  Check("fo", "Zm8=");
  Check("foo", "Zm9v");
  Check("foob", "Zm9vYg==");
  Check("fooba", "Zm9vYmE=");
  Check("foobar", "Zm9vYmFy");
}

TEST(Base64, EveryByteSurvives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string text, back;
    AppendBase64(bytes.substr(0, size), &text);
    ASSERT_TRUE(AppendFromBase64(text, &back));
    EXPECT_EQ(back, bytes.substr(0, size));
  }
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm-_", "Zg==Zg==", "Zm9!"}) {
    std::string out = "kept";
    EXPECT_FALSE(AppendFromBase64(text, &out)) << text;
    EXPECT_EQ(out, "kept");
  }
}

}  // namespace
}  // namespace avocet
