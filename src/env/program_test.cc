#include "src/env/program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace avocet {
namespace {

std::string MakeFile(const std::string& name, mode_t mode) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << "#!/bin/sh\nexit 7\n";
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  return path;
}

TEST(ProgramTest, ExecutablePathIsThisTest) {
  const auto path = ExecutablePath();
  ASSERT_TRUE(path.ok());
  EXPECT_NE(path->find("env_test"), std::string::npos) << *path;
  EXPECT_TRUE(IsExecutable(*path));
}

TEST(ProgramTest, OnlyFilesWithTheRightAreExecutable) {
  EXPECT_TRUE(IsExecutable(MakeFile("avocet-program-yes", 0755)));
  EXPECT_FALSE(IsExecutable(MakeFile("avocet-program-no", 0644)));
  EXPECT_FALSE(IsExecutable(testing::TempDir()));
  EXPECT_FALSE(IsExecutable("/nonexistent/avocet"));
}

TEST(ProgramTest, FindsTheFirstOnPath) {
  const std::string path = MakeFile("avocet-program-path", 0755);
  const std::string before = std::getenv("PATH");
  ASSERT_EQ(::setenv("PATH", ("/nonexistent:" + testing::TempDir()).c_str(), 1), 0);
  const auto found = FindOnPath("avocet-program-path");
  const auto missing = FindOnPath("avocet-program-nowhere");
  ASSERT_EQ(::setenv("PATH", before.c_str(), 1), 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(IsExecutable(*found));
  EXPECT_FALSE(missing.has_value());
}

TEST(ProgramTest, BecomingNothingIsAnError) {
  const Status status = BecomeProgram("/nonexistent/avocet", {"--help"});
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "cannot start /nonexistent/avocet: No such file or directory");
}

TEST(ProgramDeathTest, TheExitCodeIsThatOfTheProgram) {
  const std::string path = MakeFile("avocet-program-exit", 0755);
  EXPECT_EXIT(
      {
        const Status status = BecomeProgram(path, {});
        std::exit(status.ok() ? 0 : 1);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace avocet
