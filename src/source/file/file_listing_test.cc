#include "src/source/file/file_listing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/source/file/glob.h"
#include "src/source/file/natural_order.h"
#include "src/source/source_testing.h"

namespace avocet {
namespace {

TEST(Glob, MatchesLikeAShell) {
  const auto match = [](std::string_view pattern, std::string_view name, bool want) {
    EXPECT_EQ(GlobMatches(pattern, name), want) << pattern << " " << name;
  };
  match("*.csv", "a.csv", true);
  match("*.csv", "a.csv.gz", false);
  match("*.csv", ".a.csv", false);
  match(".*", ".a", true);
  match("a?c", "abc", true);
  match("a?c", "ac", false);
  match("a*b*c", "aXbXbYc", true);
  match("a*b*c", "aXbXbY", false);
  match("[a-c]x[!0-9]", "bxy", true);
  match("[a-c]x[!0-9]", "bx1", false);
  match("[]]", "]", true);
  match("[a", "[a", true);
  match("\\*", "*", true);
  match("\\*", "x", false);
  match("*", "", true);
  match("", "", true);
  match("***a", "bba", true);
  match(std::string(30, '*') + "b", std::string(5000, 'a'), false);
}

TEST(NaturalOrder, NumbersCompareAsNumbers) {
  std::vector<std::string> names = {"b", "a10", "a9", "a09", "a9b", "a", "A", "10", "9", "a1.2"};
  std::sort(names.begin(), names.end(), NaturalLess);
  EXPECT_EQ(names, (std::vector<std::string>{"9", "10", "A", "a", "a1.2", "a09", "a9", "a9b", "a10",
                                             "b"}));
  EXPECT_FALSE(NaturalLess("a1", "a1"));
  EXPECT_TRUE(NaturalLess("x99999999999999999999998", "x99999999999999999999999"));
}

class FileListingTest : public ::testing::Test {
 protected:
  std::vector<std::string> List(const std::vector<std::string>& paths) {
    listing_ = {};
    std::vector<std::string> full;
    for (const std::string& path : paths) full.push_back(directory_ / path);
    listing_ = ListFiles(full, Env::Posix());
    std::vector<std::string> found;
    for (const FoundFile& file : listing_.files) {
      found.push_back(file.path.substr(directory_.path().size() + 1));
    }
    return found;
  }

  TestDirectory directory_;
  FileListing listing_;
};

using Names = std::vector<std::string>;

TEST_F(FileListingTest, DirectoryStandsForItsFinishedFiles) {
  std::filesystem::create_directories(directory_ / "d/sub");
  for (const char* name :
       {"d/b10", "d/b9", "d/.hidden", "d/_SUCCESS", "d/x.tmp", "d/y.part", "d/sub/deep"}) {
    directory_.Write(name, "1");
  }
  EXPECT_EQ(List({"d"}), (Names{"d/b9", "d/b10"}));
  EXPECT_TRUE(listing_.problems.empty());
}

TEST_F(FileListingTest, GlobsWalkDirectories) {
  std::filesystem::create_directories(directory_ / "a/b/c");
  std::filesystem::create_directories(directory_ / "a/.git");
  for (const char* name : {"a/1.json", "a/b/2.json", "a/b/c/3.json", "a/.git/4.json", "a/5.txt"}) {
    directory_.Write(name, "1");
  }
  EXPECT_EQ(List({"a/**/*.json"}), (Names{"a/1.json", "a/b/2.json", "a/b/c/3.json"}));
  EXPECT_EQ(List({"*/b/?.json"}), (Names{"a/b/2.json"}));
  EXPECT_EQ(List({"a/**"}), (Names{"a/1.json", "a/5.txt", "a/b/2.json", "a/b/c/3.json"}));
  EXPECT_EQ(List({"**/b/**/[0-9].json", "a/b/2.json"}), (Names{"a/b/2.json", "a/b/c/3.json"}));
  EXPECT_TRUE(listing_.problems.empty());
}

TEST_F(FileListingTest, NameWithGlobCharactersIsFoundAsItIs) {
  directory_.Write("data[1].csv", "1");
  EXPECT_EQ(List({"data[1].csv"}), (Names{"data[1].csv"}));
}

TEST_F(FileListingTest, WhatIsMissingIsAProblem) {
  directory_.Write("a", "1");
  EXPECT_EQ(List({"a", "missing", "*.csv"}), (Names{"a"}));
  ASSERT_EQ(listing_.problems.size(), 2U);
  EXPECT_EQ(listing_.problems[0].code(), StatusCode::kNotFound);
  EXPECT_EQ(listing_.problems[0].message(),
            "cannot open " + (directory_ / "missing") + ": no such file or directory");
  EXPECT_EQ(listing_.problems[1].message(),
            "cannot open " + (directory_ / "*.csv") + ": no file matches");
}

}  // namespace
}  // namespace avocet
