// What only the real operating system can show.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "src/env/env.h"

namespace avocet {
namespace {

class PosixEnvTest : public testing::Test {
 protected:
  PosixEnvTest() {
    root_ = testing::TempDir() + "avocet-posix-XXXXXX";
    AVOCET_CHECK(::mkdtemp(root_.data()) != nullptr);
  }
  ~PosixEnvTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  static size_t NumOpenDescriptors() { return Env::Posix()->List("/proc/self/fd")->size(); }

  std::string root_;
  Env* const env_ = Env::Posix();
};

// Limits the size of files, beyond which writes stop short.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_ = {};
  sighandler_t old_handler_ = SIG_DFL;
};

TEST_F(PosixEnvTest, AppendThatDoesNotFitChangesNothing) {
  Result<std::unique_ptr<WritableFile>> file = env_->OpenForWrite(root_ + "/a");
  ASSERT_TRUE((*file)->Append("begin").ok());
  {
    const FileSizeLimit limit(1'000);
    const Status status = (*file)->Append(std::string(5'000, 'x'));
    EXPECT_EQ(status.code(), StatusCode::kIo);
    EXPECT_EQ(status.message(), "cannot write " + root_ + "/a: File too large");
  }
  EXPECT_EQ(*env_->ReadFile(root_ + "/a"), "begin");
  EXPECT_TRUE((*file)->Append(" and end").ok());
  EXPECT_EQ(*env_->ReadFile(root_ + "/a"), "begin and end");
}

TEST_F(PosixEnvTest, PutThatDoesNotFitKeepsTheOldFileAndCleansUp) {
  ASSERT_TRUE(env_->PutDurably(root_ + "/a", "old", PutMode::kReplace).ok());
  const size_t descriptors = NumOpenDescriptors();
  {
    const FileSizeLimit limit(1'000);
    for (const PutMode mode : {PutMode::kReplace, PutMode::kCreateNew}) {
      const std::string path = root_ + (mode == PutMode::kReplace ? "/a" : "/b");
      EXPECT_EQ(env_->PutDurably(path, std::string(5'000, 'x'), mode).code(), StatusCode::kIo);
    }
  }
  EXPECT_EQ(*env_->ReadFile(root_ + "/a"), "old");
  EXPECT_EQ(env_->List(root_)->size(), 1u);
  EXPECT_EQ(NumOpenDescriptors(), descriptors);
}

TEST_F(PosixEnvTest, FullDiskIsNoSpace) {
  Result<std::unique_ptr<WritableFile>> file = env_->OpenForWrite("/dev/full");
  if (!file.ok()) GTEST_SKIP() << file.status().message();
  const Status status = (*file)->Append("x");
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_EQ(status.message(), "cannot write /dev/full: No space left on device");
  // The device cannot be cut back, so the file is of no further use.
  EXPECT_EQ((*file)->Append("").code(), StatusCode::kNoSpace);
}

TEST_F(PosixEnvTest, FailedSyncIsFinal) {
  // A pipe cannot be synced.
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  const int reader = ::open((root_ + "/pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  Result<std::unique_ptr<WritableFile>> file = env_->OpenForWrite(root_ + "/pipe");
  ASSERT_TRUE(file.ok());
  const Status first = (*file)->Sync();
  EXPECT_EQ(first.message(), "cannot sync " + root_ + "/pipe: Invalid argument");
  EXPECT_EQ((*file)->Sync().message(), first.message());
  EXPECT_EQ((*file)->Append("x").message(), first.message());
  ::close(reader);
}

TEST_F(PosixEnvTest, NothingLeaksDescriptors) {
  const size_t before = NumOpenDescriptors();
  for (int i = 0; i < 20; ++i) {
    const std::string path = root_ + "/d" + std::to_string(i) + "/a";
    EXPECT_TRUE(env_->PutDurably(path, "x", PutMode::kCreateNew).ok());
    EXPECT_FALSE(env_->PutDurably(path, "x", PutMode::kCreateNew).ok());
    EXPECT_FALSE(env_->PutDurably(path + "/b", "x", PutMode::kReplace).ok());
    EXPECT_TRUE(env_->ReadFile(path).ok());
    EXPECT_TRUE(env_->Lock(path, "x").ok());
    EXPECT_TRUE(env_->OpenForRead(path).ok());
    EXPECT_TRUE(env_->OpenForWrite(path).ok());
    EXPECT_FALSE(env_->List(path).ok());
  }
  EXPECT_EQ(NumOpenDescriptors(), before);
}

TEST_F(PosixEnvTest, FilesThatHideTheirSizeAreRead) {
  const Result<std::string> status = env_->ReadFile("/proc/self/status");
  ASSERT_TRUE(status.ok());
  EXPECT_NE(status->find("VmRSS"), std::string::npos);
}

TEST_F(PosixEnvTest, LinksToDirectoriesAreListedAsDirectories) {
  ASSERT_EQ(::symlink("/", (root_ + "/root").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", (root_ + "/dangling").c_str()), 0);
  const Result<std::vector<DirectoryEntry>> entries = env_->List(root_);
  ASSERT_EQ(entries->size(), 2u);
  for (const DirectoryEntry& entry : *entries) EXPECT_EQ(entry.is_directory, entry.name == "root");
}

TEST_F(PosixEnvTest, LockOfAnotherProcessEndsWithIt) {
  int ready[2];
  int stop[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(stop), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<std::unique_ptr<FileLock>> lock = env_->Lock(root_ + "/lock", "the child");
    char byte = lock.ok() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1 && ::read(stop[0], &byte, 1) == 1) ::kill(::getpid(), 9);
    ::_exit(1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_EQ(env_->Lock(root_ + "/lock", "the parent").status().message(),
            "cannot lock " + root_ + "/lock: it is in use by the child");
  ASSERT_EQ(::write(stop[1], &byte, 1), 1);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(env_->Lock(root_ + "/lock", "the parent").ok());
  for (const int fd : {ready[0], ready[1], stop[0], stop[1]}) ::close(fd);
}

TEST_F(PosixEnvTest, OwnerTextIsShownOnOneLine) {
  const Result<std::unique_ptr<FileLock>> lock =
      env_->Lock(root_ + "/lock", "a\tb\nsecond line" + std::string(1'000, 'x'));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(env_->Lock(root_ + "/lock", "x").status().message(),
            "cannot lock " + root_ + "/lock: it is in use by a?b");
}

TEST_F(PosixEnvTest, LockWithoutOwnerTextIsAnotherProcess) {
  const Result<std::unique_ptr<FileLock>> lock = env_->Lock(root_ + "/lock", "");
  EXPECT_EQ(env_->Lock(root_ + "/lock", "x").status().message(),
            "cannot lock " + root_ + "/lock: it is in use by another process");
}

// Puts a descriptor in the place of standard input.
class StandardInputFrom {
 public:
  explicit StandardInputFrom(int fd) : saved_(::dup(STDIN_FILENO)) { ::dup2(fd, STDIN_FILENO); }
  ~StandardInputFrom() {
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }

 private:
  const int saved_;
};

TEST_F(PosixEnvTest, StandardInputWaitsReadsAndEnds) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const StandardInputFrom redirect(ends[0]);
  const std::unique_ptr<ReadableFile> input = OpenStandardInput(std::chrono::milliseconds(5));
  char buffer[16];
  const std::span<std::byte> out = std::as_writable_bytes(std::span(buffer));
  EXPECT_EQ(input->Read(out).status().code(), StatusCode::kUnavailable);
  ASSERT_EQ(::write(ends[1], "hello", 5), 5);
  EXPECT_EQ(*input->Read(out), 5u);
  EXPECT_EQ(std::string_view(buffer, 5), "hello");
  EXPECT_EQ(input->Read(out).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(input->ReadAt(0, out).status().message(), "cannot read standard input: Illegal seek");
  EXPECT_TRUE(input->Stat().ok());
  ASSERT_EQ(::write(ends[1], "end", 3), 3);
  ::close(ends[1]);
  EXPECT_EQ(*input->Read(out), 3u);
  EXPECT_EQ(*input->Read(out), 0u);
  EXPECT_EQ(*input->Read(out), 0u);
  ::close(ends[0]);
}

TEST_F(PosixEnvTest, StandardInputMayBeAFile) {
  ASSERT_TRUE(env_->PutDurably(root_ + "/a", "content", PutMode::kReplace).ok());
  const int fd = ::open((root_ + "/a").c_str(), O_RDONLY | O_CLOEXEC);
  const StandardInputFrom redirect(fd);
  const std::unique_ptr<ReadableFile> input = OpenStandardInput(std::chrono::milliseconds(0));
  char buffer[16];
  const std::span<std::byte> out = std::as_writable_bytes(std::span(buffer));
  EXPECT_EQ(*input->ReadAt(3, out), 4u);
  EXPECT_EQ(*input->Read(out), 7u);
  EXPECT_EQ(*input->Read(out), 0u);
  EXPECT_EQ(input->Stat()->size_bytes, 7u);
  ::close(fd);
}

TEST_F(PosixEnvTest, ClosedStandardInputIsAnError) {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const StandardInputFrom redirect(null);
  ::close(STDIN_FILENO);
  const std::unique_ptr<ReadableFile> input = OpenStandardInput(std::chrono::milliseconds(0));
  std::byte buffer[1];
  EXPECT_EQ(input->Read(buffer).status().message(),
            "cannot read standard input: Bad file descriptor");
  ::close(null);
}

}  // namespace
}  // namespace avocet
