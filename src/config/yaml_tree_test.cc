#include "src/config/yaml_tree.h"

#include <gtest/gtest.h>

#include <string>

#include "src/config/config_testing.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

std::string Place(Mark mark) {
  return std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

/// The tree in one line: kinds, texts and places.
std::string Describe(const YamlNode& node) {
  std::string text = "@" + Place(node.mark);
  switch (node.kind) {
    case Kind::kNull:
      return (node.missing ? "missing" : "null") + text;
    case Kind::kBroken:
      return "broken" + text;
    case Kind::kScalar:
      return (node.plain ? node.text : "'" + node.text + "'") + text;
    case Kind::kList:
      text = "[" + text;
      for (const YamlNodePtr& item : node.items) text += " " + Describe(*item);
      return text + "]";
    case Kind::kMap:
      text = "{" + text;
      for (const YamlEntry& entry : node.entries) {
        text += " " + entry.key + "@" + Place(entry.mark) + "=" + Describe(*entry.value);
      }
      return text + "}";
  }
  return text;
}

std::string Parse(const std::string& text) {
  const SourceText source(text);
  const YamlDocument document = ParseYaml(source, TestEnvironment);
  std::string out = document.root == nullptr ? "" : Describe(*document.root);
  for (const ConfigError& error : document.errors) {
    out += " !" + Place({error.line, error.column}) + " " + error.message;
  }
  return out;
}

TEST(YamlTreeTest, KeepsKindsAndPlaces) {
  EXPECT_EQ(Parse(""), "");
  EXPECT_EQ(Parse("# comment\n"), "");
  EXPECT_EQ(Parse("a: 1\nb: \"x\"\n"), "{@1:1 a@1:1=1@1:4 b@2:1='x'@2:4}");
  EXPECT_EQ(Parse("a: [1, {b: c}]\n"), "{@1:1 a@1:1=[@1:4 1@1:5 {@1:8 b@1:9=c@1:12}]}");
  EXPECT_EQ(Parse("a:\n  - b: 1\n    c: 2\n"),
            "{@1:1 a@1:1=[@2:3 {@2:5 b@2:5=1@2:8 c@3:5=2@3:8}]}");
}

TEST(YamlTreeTest, ColumnsCountCodePoints) {
  EXPECT_EQ(Parse("\xC3\xA9: {\xE6\xB8\xA9: x}\n"),
            "{@1:1 \xC3\xA9@1:1={@1:4 \xE6\xB8\xA9@1:5=x@1:8}}");
}

TEST(YamlTreeTest, ByteOrderMarkAndLineEndsDoNotShiftPlaces) {
  EXPECT_EQ(Parse("\xEF\xBB\xBF"
                  "a: 1\r\nb: 2\rc: 3\n"),
            "{@1:1 a@1:1=1@1:4 b@2:1=2@2:4 c@3:1=3@3:4}");
}

TEST(YamlTreeTest, MissingValuesStandAtTheirKeyOrDash) {
  EXPECT_EQ(Parse("a:\nb: ~\n"), "{@1:1 a@1:1=missing@1:1 b@2:1=null@2:4}");
  EXPECT_EQ(Parse("a:\nnull_count: 1\n"), "{@1:1 a@1:1=missing@1:1 null_count@2:1=1@2:13}");
  EXPECT_EQ(Parse("a:\n  -\n  # c\n  - x\n"), "{@1:1 a@1:1=[@2:3 missing@2:3 x@4:5]}");
  EXPECT_EQ(Parse("{a, b: }\n"), "{@1:1 a@1:2=missing@1:2 b@1:5=missing@1:5}");
  EXPECT_EQ(Parse("a: !!null\n"), "{@1:1 a@1:1=null@1:4}");
}

TEST(YamlTreeTest, OnlyPlainValuesAreTyped) {
  EXPECT_EQ(Parse("- null\n- 'null'\n- !!str null\n- ! x\n- |\n  x\n- >-\n  y\n"),
            "[@1:1 null@1:3 'null'@2:3 'null'@3:9 'x'@4:5 'x\n'@5:3 'y'@7:3]");
}

TEST(YamlTreeTest, VariablesAreReplacedInValuesOnly) {
  EXPECT_EQ(Parse("${CITY}: ${PORT}\n"), "{@1:1 ${CITY}@1:1=8080@1:10}");
  EXPECT_EQ(Parse("a: ${EMPTY}\n"), "{@1:1 a@1:1=null@1:4}");
  EXPECT_EQ(Parse("a: \"${EMPTY}\"\n"), "{@1:1 a@1:1=''@1:4}");
  EXPECT_EQ(Parse("a: x ${PORT} ${NOPE}\n"),
            "{@1:1 a@1:1=broken@1:4} !1:14 the environment variable NOPE is not set; set it, or "
            "write ${NOPE:-default}");
}

TEST(YamlTreeTest, DuplicateKeysAreDroppedWithTheirValues) {
  EXPECT_EQ(Parse("a: 1\n'a': {b: 2}\nc: 3\n"),
            "{@1:1 a@1:1=1@1:4 c@3:1=3@3:4} !2:1 duplicate key \"a\"; it is already on line 1, "
            "remove one of the two");
}

TEST(YamlTreeTest, AliasesAreTheirAnchors) {
  EXPECT_EQ(Parse("a: &x {b: 1}\nc: *x\n"),
            "{@1:1 a@1:1={@1:4 b@1:8=1@1:11} c@2:1={@1:4 b@1:8=1@1:11}}");
  EXPECT_EQ(Parse("- &k name\n- *k : 1\n"), "[@1:1 name@1:6 {@2:3 name@2:3=1@2:8}]");
}

TEST(YamlTreeTest, AliasesCannotMultiplyWithoutEnd) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string alias = "*a" + std::to_string(i - 1);
    text += name + ": &" + name + " [";
    for (int j = 0; j < 10; ++j) text += alias + ",";
    text += "]\n";
  }
  EXPECT_NE(Parse(text).find("more than 100000 values"), std::string::npos);
}

TEST(YamlTreeTest, DepthIsLimitedThroughAliasesToo) {
  EXPECT_NE(Parse(std::string(5000, '[')).find("50 levels"), std::string::npos);
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "- ";
  EXPECT_NE(Parse(blocks).find("50 levels"), std::string::npos);
  std::string text = "- &a0 x\n";
  for (int i = 1; i < 60; ++i) {
    text += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  EXPECT_NE(Parse(text).find("50 levels"), std::string::npos);
}

}  // namespace
}  // namespace avocet
