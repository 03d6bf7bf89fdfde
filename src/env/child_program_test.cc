#include "src/env/child_program.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace avocet {
namespace {

using std::chrono::milliseconds;

Result<ProgramOutput> Shell(const std::string& script, const ProgramLimits& limits = {}) {
  return RunProgram("/bin/sh", {"-c", script}, limits);
}

TEST(ChildProgramTest, SaysWhatItWroteAndHowItEnded) {
  const auto output = Shell("cat; echo out; echo err >&2; exit 3");
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_EQ(output->exit_code, 3);
  EXPECT_EQ(output->output, "out\n");
  EXPECT_EQ(output->errors, "err\n");
}

TEST(ChildProgramTest, ArgumentsArriveAsTheyAre) {
  const auto output = RunProgram("/bin/echo", {"a b", "$HOME", "\"c\""}, {});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->output, "a b $HOME \"c\"\n");
}

TEST(ChildProgramTest, MuchOutputOnBothStreamsDoesNotBlock) {
  const auto output = Shell("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->output.size(), 300'000U);
  EXPECT_EQ(output->errors.size(), 300'000U);
}

TEST(ChildProgramTest, IsKilledBeyondItsLimits) {
  EXPECT_EQ(Shell("sleep 60", {.time = milliseconds(50)}).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Shell("exec cat /dev/zero", {.output_bytes = 100'000}).status().code(),
            StatusCode::kCancelled);
}

TEST(ChildProgramTest, IsKilledWhenNobodyWantsIt) {
  const auto begun = std::chrono::steady_clock::now();
  int asked = 0;
  const auto output = Shell("sleep 60", {.is_unwanted = [&asked] { return ++asked > 2; }});
  EXPECT_EQ(output.status().code(), StatusCode::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(ChildProgramTest, OneThatHidesItsOutputIsStillLimitedInTime) {
  const auto output = Shell("exec >&- 2>&-; sleep 60", {.time = milliseconds(100)});
  EXPECT_EQ(output.status().code(), StatusCode::kCancelled);
}

TEST(ChildProgramTest, HasLessMemoryAndNoneOfOurFiles) {
  const int held = dup(STDERR_FILENO);
  const auto output = Shell("sleep 0.2; ulimit -v; ls /proc/self/fd | wc -l; nice",
                            {.address_space_bytes = size_t{512} << 20});
  close(held);
  ASSERT_TRUE(output.ok()) << output.status().message();
  // Standard input, output and errors, and the directory that ls reads.
  EXPECT_TRUE(output->output.starts_with("524288\n4\n")) << output->output;
  EXPECT_GE(std::stoi(output->output.substr(9)), 10) << output->output;
}

TEST(ChildProgramTest, WhatASignalEndsHasACodeAsInAShell) {
  const auto output = Shell("kill -9 $$");
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->exit_code, 128 + 9);
}

TEST(ChildProgramTest, WhatCannotBeStartedIsUnavailable) {
  EXPECT_EQ(RunProgram("/nonexistent/program", {}, {}).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace avocet
