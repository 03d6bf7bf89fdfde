#include "src/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace avocet {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Status::Invalid("cannot halve " + std::to_string(number));
  return number / 2;
}

Result<int> Quarter(int number) {
  AVOCET_ASSIGN_OR_RETURN(const int half, Half(number));
  AVOCET_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int number) {
  AVOCET_RETURN_IF_ERROR(Quarter(number).status());
  return Status::Ok();
}

TEST(Status, ErrorsFromTheSystemSayWhatAndWhereAndWhy) {
  const auto f = [](int number, StatusCode code, std::string_view message) {
    const Status status = Status::FromErrno(number, "open", "/a/b");
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(status.message(), message);
  };
  f(ENOENT, StatusCode::kNotFound, "cannot open /a/b: No such file or directory");
  f(EEXIST, StatusCode::kAlreadyExists, "cannot open /a/b: File exists");
  f(ENOSPC, StatusCode::kNoSpace, "cannot open /a/b: No space left on device");
  f(EACCES, StatusCode::kPermission, "cannot open /a/b: Permission denied");
  f(EIO, StatusCode::kIo, "cannot open /a/b: Input/output error");
}

TEST(Status, ContextGoesInFront) {
  EXPECT_EQ(Status::Io("cause").WithContext("object").message(), "object: cause");
  EXPECT_EQ(Status::Io("cause").WithContext("object").code(), StatusCode::kIo);
  EXPECT_TRUE(Status::Ok().WithContext("object").ok());
}

TEST(Result, MacrosPassErrorsOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "cannot halve 3");
  EXPECT_TRUE(CheckQuarter(8).ok());
  EXPECT_EQ(CheckQuarter(7).message(), "cannot halve 7");
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(ResultDeathTest, ValueOfAnErrorIsABug) {
  const Result<int> result = Half(1);
  EXPECT_DEATH(static_cast<void>(*result), "BUG: ");
  EXPECT_DEATH(static_cast<void>(Result<int>(Status::Ok())), "BUG: ");
}

TEST(Status, EveryCodeHasItsExitCode) {
  EXPECT_EQ(ExitCode(Status::Ok()), 0);
  EXPECT_EQ(ExitCode(Status::Usage("")), 64);
  EXPECT_EQ(ExitCode(Status::Corrupt("")), 65);
  EXPECT_EQ(ExitCode(Status::Unavailable("")), 69);
  EXPECT_EQ(ExitCode(Status::Internal("")), 70);
  EXPECT_EQ(ExitCode(Status::AlreadyExists("")), 73);
  EXPECT_EQ(ExitCode(Status::NoSpace("")), 74);
  EXPECT_EQ(ExitCode(Status::Permission("")), 77);
  EXPECT_EQ(ExitCode(Status::Config("")), 78);
}

}  // namespace
}  // namespace avocet
