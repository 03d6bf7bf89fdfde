// What env.h promises, checked on the real and on the simulated system alike.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "src/env/env.h"
#include "src/env/sim_env.h"

namespace avocet {
namespace {

std::string TestDirectory() {
  const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = info->name();
  std::replace(name.begin(), name.end(), '/', '-');
  return testing::TempDir() + "avocet-env-" + std::to_string(Env::Posix()->ProcessId()) + "-" +
         name;
}

class EnvContract : public testing::TestWithParam<bool> {
 protected:
  EnvContract() : root_(TestDirectory()), env_(GetParam() ? &sim_ : Env::Posix()) {
    EXPECT_TRUE(env_->MakeDirectories(root_).ok());
  }
  ~EnvContract() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::string Path(const std::string& name) const { return root_ + "/" + name; }

  std::set<std::string> Names(const std::string& directory) {
    std::set<std::string> names;
    const Result<std::vector<DirectoryEntry>> entries = env_->List(directory);
    EXPECT_TRUE(entries.ok()) << entries.status().message();
    if (!entries.ok()) return names;
    for (const DirectoryEntry& e : *entries) names.insert(e.name + (e.is_directory ? "/" : ""));
    return names;
  }

  void Write(const std::string& name, std::string_view bytes) {
    Result<std::unique_ptr<WritableFile>> file = env_->OpenForWrite(Path(name));
    ASSERT_TRUE(file.ok()) << file.status().message();
    EXPECT_TRUE((*file)->Append(bytes).ok());
    EXPECT_TRUE((*file)->Close().ok());
  }

  void ExpectContent(const std::string& name, std::string_view want) {
    const Result<std::string> got = env_->ReadFile(Path(name));
    ASSERT_TRUE(got.ok()) << got.status().message();
    EXPECT_EQ(*got, want);
  }

  // Every error names the path.
  void ExpectError(const Status& status, StatusCode code, const std::string& name) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(Path(name)), std::string::npos) << status.message();
    EXPECT_EQ(status.message().rfind("cannot ", 0), 0u) << status.message();
  }

  SimEnv sim_;
  const std::string root_;
  Env* const env_;
};

INSTANTIATE_TEST_SUITE_P(Both, EnvContract, testing::Bool(),
                         [](const auto& param) { return param.param ? "Sim" : "Posix"; });

TEST_P(EnvContract, WrittenFileReadsBack) {
  Result<std::unique_ptr<WritableFile>> file = env_->OpenForWrite(Path("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->Append("hello ").ok());
  EXPECT_TRUE((*file)->Append("").ok());
  EXPECT_TRUE((*file)->Append("world").ok());
  EXPECT_TRUE((*file)->Sync().ok());
  ExpectContent("a", "hello world");
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_TRUE((*file)->Close().ok());
  ExpectError((*file)->Append("late"), StatusCode::kIo, "a");
  ExpectError((*file)->Sync(), StatusCode::kIo, "a");
  ExpectContent("a", "hello world");
}

TEST_P(EnvContract, OpenForWriteTruncates) {
  Write("a", "a long old content");
  Write("a", "new");
  ExpectContent("a", "new");
}

TEST_P(EnvContract, ReadableFileReadsAtOffsetsAndInOrder) {
  Write("a", "0123456789");
  Result<std::unique_ptr<ReadableFile>> file = env_->OpenForRead(Path("a"));
  ASSERT_TRUE(file.ok());
  char buffer[8] = {};
  const std::span<std::byte> out = std::as_writable_bytes(std::span(buffer));
  EXPECT_EQ(*(*file)->ReadAt(4, out.first(3)), 3u);
  EXPECT_EQ(std::string_view(buffer, 3), "456");
  EXPECT_EQ(*(*file)->ReadAt(8, out), 2u);
  EXPECT_EQ(std::string_view(buffer, 2), "89");
  EXPECT_EQ(*(*file)->ReadAt(10, out), 0u);
  EXPECT_EQ(*(*file)->ReadAt(1'000'000, out), 0u);
  EXPECT_EQ(*(*file)->Read(out), 8u);
  EXPECT_EQ(std::string_view(buffer, 8), "01234567");
  EXPECT_EQ(*(*file)->Read(out), 2u);
  EXPECT_EQ(*(*file)->Read(out), 0u);
  EXPECT_EQ((*file)->Stat()->size_bytes, 10u);
}

TEST_P(EnvContract, OpenFileFollowsRenameAndGrowth) {
  Result<std::unique_ptr<WritableFile>> writer = env_->OpenForWrite(Path("a"));
  EXPECT_TRUE((*writer)->Append("one").ok());
  Result<std::unique_ptr<ReadableFile>> reader = env_->OpenForRead(Path("a"));
  const FileInfo before = *(*reader)->Stat();
  EXPECT_TRUE(env_->Rename(Path("a"), Path("b")).ok());
  EXPECT_TRUE((*writer)->Append("two").ok());
  const FileInfo after = *env_->Stat(Path("b"));
  EXPECT_EQ(after.inode, before.inode);
  EXPECT_EQ(after.device, before.device);
  EXPECT_EQ(after.size_bytes, 6u);
  EXPECT_TRUE(env_->Remove(Path("b")).ok());
  char buffer[8] = {};
  EXPECT_EQ(*(*reader)->Read(std::as_writable_bytes(std::span(buffer))), 6u);
  EXPECT_EQ(std::string_view(buffer, 6), "onetwo");
}

TEST_P(EnvContract, MissingFilesAreNotFound) {
  ExpectError(env_->OpenForRead(Path("no")).status(), StatusCode::kNotFound, "no");
  ExpectError(env_->ReadFile(Path("no")).status(), StatusCode::kNotFound, "no");
  ExpectError(env_->Stat(Path("no")).status(), StatusCode::kNotFound, "no");
  ExpectError(env_->List(Path("no")).status(), StatusCode::kNotFound, "no");
  ExpectError(env_->Remove(Path("no")), StatusCode::kNotFound, "no");
  ExpectError(env_->Rename(Path("no"), Path("b")), StatusCode::kNotFound, "no");
  ExpectError(env_->SyncDirectory(Path("no")), StatusCode::kNotFound, "no");
  ExpectError(env_->OpenForWrite(Path("no/a")).status(), StatusCode::kNotFound, "no/a");
  ExpectError(env_->Lock(Path("no/a"), "x").status(), StatusCode::kNotFound, "no/a");
}

TEST_P(EnvContract, WrongKindsAreErrors) {
  Write("file", "x");
  ASSERT_TRUE(env_->MakeDirectories(Path("dir/inner")).ok());
  ExpectError(env_->ReadFile(Path("dir")).status(), StatusCode::kIo, "dir");
  ExpectError(env_->OpenForWrite(Path("dir")).status(), StatusCode::kIo, "dir");
  ExpectError(env_->OpenForRead(Path("file/x")).status(), StatusCode::kIo, "file/x");
  ExpectError(env_->List(Path("file")).status(), StatusCode::kIo, "file");
  ExpectError(env_->Remove(Path("dir")), StatusCode::kIo, "dir");
  ExpectError(env_->Rename(Path("file"), Path("dir")), StatusCode::kIo, "dir");
  ExpectError(env_->Rename(Path("dir"), Path("dir/inner/x")), StatusCode::kIo, "dir");
  ExpectError(env_->MakeDirectories(Path("file")), StatusCode::kIo, "file");
  ExpectError(env_->MakeDirectories(Path("file/x")), StatusCode::kIo, "file");
  ExpectError(env_->PutDurably(Path("file/x"), "", PutMode::kReplace), StatusCode::kIo, "file");
  ExpectError(env_->PutDurably(Path("dir"), "", PutMode::kReplace), StatusCode::kIo, "dir");
  EXPECT_EQ(Names(root_), (std::set<std::string>{"dir/", "file"}));
}

TEST_P(EnvContract, DirectoriesAreMadeListedAndRemoved) {
  EXPECT_TRUE(env_->MakeDirectories(Path("x/y/z")).ok());
  EXPECT_TRUE(env_->MakeDirectories(Path("x/y/z/")).ok());
  Write("x/f", "1");
  EXPECT_EQ(Names(Path("x")), (std::set<std::string>{"f", "y/"}));
  EXPECT_EQ(Names(Path("x/y/z")), std::set<std::string>());
  EXPECT_TRUE(env_->Stat(Path("x/y"))->is_directory);
  EXPECT_FALSE(env_->Stat(Path("x/f"))->is_directory);
  EXPECT_TRUE(env_->Rename(Path("x/y"), Path("w")).ok());
  EXPECT_TRUE(env_->Remove(Path("w/z")).ok());
  EXPECT_TRUE(env_->Remove(Path("w")).ok());
  EXPECT_EQ(Names(root_), (std::set<std::string>{"x/"}));
  // A directory that was made durable once and is gone is made again.
  EXPECT_TRUE(env_->MakeDirectories(Path("x/y/z")).ok());
  EXPECT_EQ(Names(Path("x")), (std::set<std::string>{"f", "y/"}));
  EXPECT_TRUE(env_->SyncDirectory(Path("x")).ok());
}

TEST_P(EnvContract, PutReplaceReplacesAndLeavesNothingElse) {
  EXPECT_TRUE(env_->PutDurably(Path("p/q/a"), "one", PutMode::kReplace).ok());
  ExpectContent("p/q/a", "one");
  EXPECT_TRUE(env_->PutDurably(Path("p/q/a"), "", PutMode::kReplace).ok());
  ExpectContent("p/q/a", "");
  const std::string large(3'000'000, 'x');
  EXPECT_TRUE(env_->PutDurably(Path("p/q/a"), large, PutMode::kReplace).ok());
  ExpectContent("p/q/a", large);
  EXPECT_EQ(Names(Path("p/q")), std::set<std::string>{"a"});
}

TEST_P(EnvContract, PutCreateNewNeverReplaces) {
  EXPECT_TRUE(env_->PutDurably(Path("a"), "one", PutMode::kCreateNew).ok());
  ExpectError(env_->PutDurably(Path("a"), "two", PutMode::kCreateNew), StatusCode::kAlreadyExists,
              "a");
  ExpectContent("a", "one");
  EXPECT_TRUE(env_->MakeDirectories(Path("d")).ok());
  ExpectError(env_->PutDurably(Path("d"), "two", PutMode::kCreateNew), StatusCode::kAlreadyExists,
              "d");
  EXPECT_EQ(Names(root_), (std::set<std::string>{"a", "d/"}));
}

TEST_P(EnvContract, OneOfManyWritersCreates) {
  for (int round = 0; round < 20; ++round) {
    const std::string path = Path("race-" + std::to_string(round));
    std::atomic<int> winners = 0;
    std::atomic<int> winner = -1;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        const Status status = env_->PutDurably(path, std::to_string(i), PutMode::kCreateNew);
        if (status.ok()) {
          winners.fetch_add(1);
          winner.store(i);
        } else {
          EXPECT_EQ(status.code(), StatusCode::kAlreadyExists) << status.message();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners.load(), 1);
    EXPECT_EQ(*env_->ReadFile(path), std::to_string(winner.load()));
  }
  EXPECT_EQ(Names(root_).size(), 20u);
}

TEST_P(EnvContract, PutStepsOverTemporaryFilesOfADeadProcess) {
  for (int i = 0; i < 200; ++i) {
    Write(".tmp-" + std::to_string(env_->ProcessId()) + "-" + std::to_string(i), "left behind");
  }
  EXPECT_TRUE(env_->PutDurably(Path("a"), "one", PutMode::kReplace).ok());
  ExpectContent("a", "one");
  EXPECT_EQ(Names(root_).size(), 201u);
}

TEST_P(EnvContract, PutNeedsAFileName) {
  EXPECT_EQ(env_->PutDurably("", "x", PutMode::kReplace).code(), StatusCode::kInvalid);
  EXPECT_EQ(env_->PutDurably(Path("d/"), "x", PutMode::kReplace).code(), StatusCode::kInvalid);
}

TEST_P(EnvContract, LockExcludesAndSaysWhoHoldsIt) {
  Result<std::unique_ptr<FileLock>> lock = env_->Lock(Path("lock"), "first, pid 17");
  ASSERT_TRUE(lock.ok()) << lock.status().message();
  for (int i = 0; i < 2; ++i) {
    const Result<std::unique_ptr<FileLock>> second = env_->Lock(Path("lock"), "second");
    ExpectError(second.status(), StatusCode::kConflict, "lock");
    EXPECT_NE(second.status().message().find("is in use by first, pid 17"), std::string::npos);
  }
  ExpectContent("lock", "first, pid 17");
  EXPECT_TRUE(env_->Lock(Path("other"), "x").ok());
  *lock = nullptr;
  EXPECT_TRUE(env_->Lock(Path("lock"), "third").ok());
  ExpectContent("lock", "third");
}

TEST_P(EnvContract, LockSurvivesRemovalOfItsFile) {
  const Result<std::unique_ptr<FileLock>> old_lock = env_->Lock(Path("lock"), "old");
  ASSERT_TRUE(env_->Remove(Path("lock")).ok());
  EXPECT_TRUE(env_->Lock(Path("lock"), "new").ok());
}

TEST_P(EnvContract, ClocksGoForward) {
  const std::chrono::nanoseconds before = env_->Monotonic();
  const int64_t wall = env_->NowMicros();
  env_->SleepFor(std::chrono::milliseconds(2));
  EXPECT_GE(env_->Monotonic() - before, std::chrono::milliseconds(2));
  EXPECT_GT(wall, 1'600'000'000'000'000);
  Write("a", "x");
  EXPECT_NEAR(static_cast<double>(env_->Stat(Path("a"))->modified_us),
              static_cast<double>(env_->NowMicros()), 10e6);
}

TEST_P(EnvContract, RandomNumbersDiffer) {
  std::set<uint64_t> numbers;
  for (int i = 0; i < 100; ++i) numbers.insert(env_->Random64());
  EXPECT_EQ(numbers.size(), 100u);
  EXPECT_GT(env_->ProcessId(), 0);
  EXPECT_FALSE(env_->HostName().empty());
}

}  // namespace
}  // namespace avocet
