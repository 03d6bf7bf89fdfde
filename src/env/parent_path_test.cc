#include "src/env/parent_path.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(ParentPath, IsTheDirectoryOfTheEntry) {
  const auto f = [](std::string_view path, std::string_view want) {
    EXPECT_EQ(ParentPath(path), want) << path;
  };
  f("a/b/c", "a/b");
  f("a/b/c/", "a/b");
  f("a//c", "a");
  f("c", ".");
  f("c/", ".");
  f("/c", "/");
  f("//c", "/");
  f("/", "/");
  f("", ".");
  f("../c", "..");
}

}  // namespace
}  // namespace avocet
