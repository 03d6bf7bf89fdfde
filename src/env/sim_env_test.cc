#include "src/env/sim_env.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace avocet {
namespace {

using Strings = std::vector<std::string>;

std::unique_ptr<WritableFile> Create(SimEnv* env, const std::string& path) {
  Result<std::unique_ptr<WritableFile>> file = env->OpenForWrite(path);
  AVOCET_CHECK(file.ok());
  return std::move(file).value();
}

std::string ContentOr(SimEnv* env, const std::string& path, const std::string& missing) {
  const Result<std::string> content = env->ReadFile(path);
  return content.ok() ? *content : missing;
}

// Everything that `scenario` leaves at "/a" over many seeds.
std::set<std::string> Outcomes(const std::function<void(SimEnv*)>& scenario) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SimEnv env({.seed = seed});
    scenario(&env);
    outcomes.insert(ContentOr(&env, "/a", "(none)"));
  }
  return outcomes;
}

TEST(SimEnvCrash, SyncedContentNeedsASyncedEntry) {
  const std::set<std::string> outcomes = Outcomes([](SimEnv* env) {
    const std::unique_ptr<WritableFile> file = Create(env, "/a");
    EXPECT_TRUE(file->Append("data").ok());
    EXPECT_TRUE(file->Sync().ok());
    env->Crash();
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"(none)", "data"}));
}

TEST(SimEnvCrash, SyncedEntryDoesNotKeepContent) {
  const std::set<std::string> outcomes = Outcomes([](SimEnv* env) {
    const std::unique_ptr<WritableFile> file = Create(env, "/a");
    EXPECT_TRUE(file->Append("data").ok());
    EXPECT_TRUE(env->SyncDirectory("/").ok());
    env->Crash();
  });
  EXPECT_TRUE(outcomes.contains(""));
  EXPECT_TRUE(outcomes.contains("data"));
  EXPECT_TRUE(outcomes.contains("da"));
  EXPECT_TRUE(outcomes.contains(std::string(4, '\0')));
  EXPECT_FALSE(outcomes.contains("(none)"));
}

TEST(SimEnvCrash, SyncedPartOfAFileStaysAndTheRestIsCutAnywhere) {
  const std::string synced(700, 's');
  const std::string rest(2'000, 'r');
  const std::set<std::string> outcomes = Outcomes([&](SimEnv* env) {
    const std::unique_ptr<WritableFile> file = Create(env, "/a");
    EXPECT_TRUE(file->Append(synced).ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(env->SyncDirectory("/").ok());
    EXPECT_TRUE(file->Append(rest).ok());
    env->Crash();
  });
  std::set<size_t> sizes;
  bool has_hole = false;
  for (const std::string& outcome : outcomes) {
    EXPECT_TRUE(outcome.starts_with(synced));
    EXPECT_LE(outcome.size(), 2'700u);
    EXPECT_EQ(outcome.find_first_not_of(std::string("r\0", 2), 700), std::string::npos);
    has_hole = has_hole || outcome.find('\0') < outcome.rfind('r');
    sizes.insert(outcome.size());
  }
  for (const size_t size : {700, 1'024, 1'536, 2'048, 2'560, 2'700}) {
    EXPECT_TRUE(sizes.contains(size)) << size;
  }
  EXPECT_GT(sizes.size(), 20u);
  EXPECT_TRUE(has_hole);
}

TEST(SimEnvCrash, UnsyncedTruncationMayBringTheOldContentBack) {
  const std::set<std::string> outcomes = Outcomes([](SimEnv* env) {
    EXPECT_TRUE(env->PutDurably("/a", "old", PutMode::kReplace).ok());
    EXPECT_TRUE(Create(env, "/a")->Append("n").ok());
    env->Crash();
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"old", "", "n", std::string(1, '\0')}));
}

TEST(SimEnvCrash, UnsyncedDirectoryChangesSurviveEachForItself) {
  std::set<Strings> outcomes;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SimEnv env({.seed = seed});
    for (const char* path : {"/a", "/b"}) {
      EXPECT_TRUE(env.PutDurably(path, "x", PutMode::kReplace).ok());
    }
    EXPECT_TRUE(env.Remove("/a").ok());
    EXPECT_TRUE(env.Rename("/b", "/c").ok());
    EXPECT_EQ(env.Files(), Strings{"/c"});
    env.Crash();
    outcomes.insert(env.Files());
  }
  EXPECT_EQ(outcomes, (std::set<Strings>{{"/a", "/b"}, {"/a", "/c"}, {"/b"}, {"/c"}}));
}

TEST(SimEnvCrash, DirectorySyncKeepsOnlyItsOwnChanges) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimEnv env({.seed = seed});
    ASSERT_TRUE(env.MakeDirectories("/d").ok());
    ASSERT_TRUE(env.MakeDirectories("/e").ok());
    ASSERT_TRUE(Create(&env, "/d/a")->Sync().ok());
    ASSERT_TRUE(Create(&env, "/e/a")->Sync().ok());
    ASSERT_TRUE(env.SyncDirectory("/d").ok());
    env.Crash(SimCrash::kLoseUnsynced);
    EXPECT_EQ(env.Files(), Strings{"/d/a"});
  }
}

TEST(SimEnvCrash, FileInALostDirectoryIsLost) {
  SimEnv env;
  ASSERT_TRUE(env.MakeDirectories("/d").ok());
  ASSERT_TRUE(Create(&env, "/d/a")->Sync().ok());
  ASSERT_TRUE(env.SyncDirectory("/d").ok());
  ASSERT_TRUE(env.Rename("/d", "/e").ok());
  env.Crash(SimCrash::kLoseUnsynced);
  EXPECT_EQ(env.Files(), Strings{"/d/a"});
}

TEST(SimEnvCrash, MovedDirectoryIsInOnePlace) {
  std::set<Strings> outcomes;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SimEnv env({.seed = seed});
    for (const char* directory : {"/p", "/q", "/r", "/p/x"}) {
      ASSERT_TRUE(env.MakeDirectories(directory).ok());
    }
    ASSERT_TRUE(env.PutDurably("/p/x/a", "", PutMode::kReplace).ok());
    ASSERT_TRUE(env.Rename("/p/x", "/q/x").ok());
    ASSERT_TRUE(env.Rename("/q/x", "/r/x").ok());
    if (seed % 4 == 0) {
      ASSERT_TRUE(env.SyncDirectory("/r").ok());
    }
    env.Crash();
    EXPECT_EQ(env.Files().size(), 1u);
    outcomes.insert(env.Files());
  }
  EXPECT_EQ(outcomes, (std::set<Strings>{{"/p/x/a"}, {"/q/x/a"}, {"/r/x/a"}}));
}

TEST(SimEnvCrash, KilledProcessLosesNothingButItsFilesAndLocks) {
  SimEnv env;
  const std::unique_ptr<WritableFile> file = Create(&env, "/a");
  ASSERT_TRUE(file->Append("data").ok());
  const Result<std::unique_ptr<FileLock>> lock = env.Lock("/lock", "old");
  ASSERT_TRUE(lock.ok());
  env.Crash(SimCrash::kProcessKill);
  EXPECT_EQ(*env.ReadFile("/a"), "data");
  EXPECT_EQ(file->Append("x").message(), "cannot write /a: simulated crash");
  EXPECT_TRUE(env.Lock("/lock", "new").ok());
  // What was not synced is still at risk.
  env.Crash(SimCrash::kLoseUnsynced);
  EXPECT_EQ(env.Files(), Strings());
}

TEST(SimEnvCrash, LockOfADeadProcessDoesNotReleaseThatOfTheNext) {
  SimEnv env;
  ASSERT_TRUE(env.PutDurably("/lock", "", PutMode::kReplace).ok());
  Result<std::unique_ptr<FileLock>> old_lock = env.Lock("/lock", "old");
  env.Crash();
  const Result<std::unique_ptr<FileLock>> lock = env.Lock("/lock", "new");
  ASSERT_TRUE(lock.ok());
  *old_lock = nullptr;
  EXPECT_EQ(env.Lock("/lock", "third").status().message(),
            "cannot lock /lock: it is in use by new");
}

TEST(SimEnvCrash, AfterOpsEverythingFailsUntilRestart) {
  SimEnv env;
  ASSERT_TRUE(env.PutDurably("/a", "data", PutMode::kReplace).ok());
  const std::unique_ptr<ReadableFile> reader = std::move(env.OpenForRead("/a")).value();
  env.CrashAfterOps(2);
  const uint64_t ops = env.ops();
  EXPECT_TRUE(env.Stat("/a").ok());
  EXPECT_TRUE(env.Stat("/a").ok());
  EXPECT_FALSE(env.IsCrashed());
  EXPECT_EQ(env.Stat("/a").status().message(), "cannot stat /a: simulated crash");
  EXPECT_TRUE(env.IsCrashed());
  EXPECT_EQ(env.ops(), ops + 2);
  std::byte buffer[4];
  for (const Status& status :
       {env.OpenForRead("/a").status(), env.OpenForWrite("/b").status(),
        env.ReadFile("/a").status(), env.List("/").status(), env.MakeDirectories("/d"),
        env.Rename("/a", "/b"), env.Remove("/a"), env.SyncDirectory("/"),
        env.PutDurably("/a", "x", PutMode::kReplace), env.Lock("/a", "x").status(),
        reader->Read(buffer).status(), reader->Stat().status()}) {
    EXPECT_EQ(status.code(), StatusCode::kIo);
    EXPECT_NE(status.message().find("simulated crash"), std::string::npos) << status.message();
  }
  env.Restart();
  EXPECT_FALSE(env.IsCrashed());
  EXPECT_EQ(env.Files(), Strings{"/a"});
  EXPECT_EQ(*env.ReadFile("/a"), "data");
  EXPECT_FALSE(reader->Read(buffer).ok());
}

TEST(SimEnvCrash, OperationOfTheCrashMayReachTheDisk) {
  const std::set<std::string> outcomes = Outcomes([](SimEnv* env) {
    const std::unique_ptr<WritableFile> file = Create(env, "/a");
    EXPECT_TRUE(env->SyncDirectory("/").ok());
    EXPECT_TRUE(file->Append("data").ok());
    env->CrashAfterOps(0);
    EXPECT_FALSE(file->Sync().ok());
    env->Restart(SimCrash::kLoseUnsynced);
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"", "data"}));
}

TEST(SimEnvFault, StrikesTheRightOperation) {
  SimEnv env;
  ASSERT_TRUE(env.MakeDirectories("/journal").ok());
  env.InjectFault({.ops = {SimOp::kAppend},
                   .path_pattern = "/journal/*",
                   .error_number = EACCES,
                   .skip = 1,
                   .count = 2});
  const std::unique_ptr<WritableFile> other = Create(&env, "/other");
  const std::unique_ptr<WritableFile> file = Create(&env, "journal/1");
  EXPECT_TRUE(file->Append("1").ok());
  EXPECT_TRUE(other->Append("1").ok());
  EXPECT_EQ(file->Append("2").code(), StatusCode::kPermission);
  EXPECT_EQ(file->Append("3").message(), "cannot write journal/1: Permission denied");
  EXPECT_TRUE(file->Append("4").ok());
  EXPECT_EQ(*env.ReadFile("/journal/1"), "14");
}

TEST(SimEnvFault, MayTakeEffect) {
  SimEnv env;
  ASSERT_TRUE(env.PutDurably("/a", "x", PutMode::kReplace).ok());
  env.InjectFault({.ops = {SimOp::kRename}, .path_pattern = "/b", .takes_effect = true});
  EXPECT_EQ(env.Rename("/a", "/b").message(), "cannot rename /a to /b: Input/output error");
  EXPECT_EQ(env.Files(), Strings{"/b"});
}

TEST(SimEnvFault, OfALockLeavesItFree) {
  for (const bool takes_effect : {false, true}) {
    SimEnv env;
    env.InjectFault({.ops = {SimOp::kLock}, .takes_effect = takes_effect});
    EXPECT_EQ(env.Lock("/lock", "x").status().code(), StatusCode::kIo);
    EXPECT_TRUE(env.Lock("/lock", "x").ok());
  }
}

TEST(SimEnvFault, ProbabilityHoldsUntilCleared) {
  SimEnv env;
  env.InjectFault({.error_number = ENOSPC, .probability = 0.3, .count = SimFault::kForever});
  int failures = 0;
  for (int i = 0; i < 1'000; ++i) {
    const Result<std::vector<DirectoryEntry>> entries = env.List("/");
    if (entries.ok()) continue;
    EXPECT_EQ(entries.status().code(), StatusCode::kNoSpace);
    ++failures;
  }
  EXPECT_GT(failures, 220);
  EXPECT_LT(failures, 380);
  env.ClearFaults();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(env.List("/").ok());
}

TEST(SimEnvFault, FailedSyncDropsTheDirtyBytesForGood) {
  const std::set<std::string> outcomes = Outcomes([](SimEnv* env) {
    const std::unique_ptr<WritableFile> file = Create(env, "/a");
    EXPECT_TRUE(env->SyncDirectory("/").ok());
    EXPECT_TRUE(file->Append("one").ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(file->Append("two").ok());
    env->InjectFault({.ops = {SimOp::kSync}});
    EXPECT_EQ(file->Sync().message(), "cannot sync /a: Input/output error");
    EXPECT_FALSE(file->Sync().ok());
    EXPECT_FALSE(file->Append("three").ok());
    EXPECT_EQ(*env->ReadFile("/a"), "onetwo");
    env->Crash();
  });
  EXPECT_TRUE(outcomes.contains("one"));
  for (const std::string& outcome : outcomes) {
    EXPECT_EQ(outcome, "one" + std::string(outcome.size() - 3, '\0'));
  }
}

TEST(SimEnvFault, FullDiskRefusesWholeAppendsUntilItGrows) {
  SimEnv env;
  env.SetDiskCapacity(10);
  const std::unique_ptr<WritableFile> file = Create(&env, "/a");
  EXPECT_TRUE(file->Append("12345678").ok());
  EXPECT_EQ(file->Append("9abc").message(), "cannot write /a: No space left on device");
  EXPECT_EQ(env.PutDurably("/b", "xyz", PutMode::kReplace).code(), StatusCode::kNoSpace);
  EXPECT_EQ(env.Files(), Strings{"/a"});
  EXPECT_EQ(env.used_bytes(), 8u);
  EXPECT_TRUE(file->Append("9a").ok());
  env.SetDiskCapacity(13);
  EXPECT_TRUE(env.PutDurably("/b", "xyz", PutMode::kReplace).ok());
  EXPECT_EQ(env.used_bytes(), 13u);
  EXPECT_TRUE(env.Remove("/a").ok());
  EXPECT_EQ(env.used_bytes(), 3u);
  EXPECT_TRUE(file->Append("into the void").ok());
  EXPECT_EQ(env.used_bytes(), 3u);
  EXPECT_TRUE(env.PutDurably("/b", "1234567890", PutMode::kReplace).ok());
  EXPECT_EQ(env.used_bytes(), 10u);
  env.SetDiskCapacity(std::nullopt);
  EXPECT_TRUE(env.PutDurably("/c", std::string(1'000, 'x'), PutMode::kReplace).ok());
  env.Crash(SimCrash::kLoseUnsynced);
  EXPECT_GE(env.used_bytes(), 1'010u);
}

TEST(SimEnvDamage, BitsFlipAndFilesShrink) {
  SimEnv env;
  ASSERT_TRUE(env.PutDurably("/a", "abcdef", PutMode::kReplace).ok());
  EXPECT_TRUE(env.CorruptByte("/a", 1).ok());
  EXPECT_TRUE(env.CorruptByte("/a", 2, 0xFF).ok());
  EXPECT_EQ(env.CorruptByte("/a", 6).code(), StatusCode::kInvalid);
  EXPECT_EQ(env.CorruptByte("/no", 0).code(), StatusCode::kNotFound);
  EXPECT_EQ(*env.ReadFile("/a"),
            "ac\x9C"
            "def");
  EXPECT_TRUE(env.TruncateFile("/a", 2).ok());
  EXPECT_EQ(env.TruncateFile("/a", 3).code(), StatusCode::kInvalid);
  EXPECT_EQ(env.TruncateFile("/", 0).code(), StatusCode::kIo);
  env.Crash();
  EXPECT_EQ(*env.ReadFile("/a"), "ac");
  EXPECT_EQ(env.used_bytes(), 2u);
}

TEST(SimEnvClock, MovesOnlyWhenTold) {
  SimEnv env({.start_us = 1'000'000});
  EXPECT_EQ(env.NowMicros(), 1'000'000);
  EXPECT_EQ(env.Monotonic().count(), 0);
  env.SleepFor(std::chrono::milliseconds(3));
  env.AdvanceClock(std::chrono::microseconds(7));
  env.SleepFor(std::chrono::nanoseconds(-5));
  EXPECT_EQ(env.NowMicros(), 1'003'007);
  env.SetNowMicros(500);
  EXPECT_EQ(env.NowMicros(), 500);
  EXPECT_EQ(env.Monotonic(), std::chrono::microseconds(3'007));
  env.SetLatency(SimOp::kSync, std::chrono::milliseconds(10));
  const std::unique_ptr<WritableFile> file = Create(&env, "/a");
  EXPECT_TRUE(file->Append("x").ok());
  EXPECT_EQ(env.NowMicros(), 500);
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(env.NowMicros(), 10'500);
  EXPECT_EQ(env.Stat("/a")->modified_us, 500);
}

TEST(SimEnv, PathsAreNormalized) {
  SimEnv env;
  ASSERT_TRUE(env.PutDurably("lake/x/../a", "1", PutMode::kReplace).ok());
  EXPECT_EQ(*env.ReadFile("/lake//./a"), "1");
  EXPECT_EQ(*env.ReadFile("../lake/a"), "1");
  EXPECT_EQ(env.Files(), Strings{"/lake/a"});
  EXPECT_EQ(env.Stat("").status().code(), StatusCode::kNotFound);
}

TEST(SimEnv, SameSeedSameWorld) {
  const auto run = [](uint64_t seed) {
    SimEnv env({.seed = seed});
    std::string trace;
    env.InjectFault({.probability = 0.1, .count = SimFault::kForever});
    for (int i = 0; i < 200; ++i) {
      const std::string path = "/" + std::to_string(env.Random64() % 5);
      const std::string bytes(env.Random64() % 2'000, static_cast<char>('a' + i % 26));
      trace += env.PutDurably(path, bytes, PutMode::kReplace).message() + "\n";
      Result<std::unique_ptr<WritableFile>> file = env.OpenForWrite(path);
      if (file.ok()) trace += (*file)->Append(bytes).message();
      if (i % 20 == 0) env.Crash();
    }
    env.ClearFaults();
    for (const std::string& file : env.Files()) trace += file + *env.ReadFile(file);
    return trace + std::to_string(env.ops());
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(SimEnv, RemovedFilesAreForgotten) {
  SimEnv env;
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(env.PutDurably("/a", std::string(10'000, 'x'), PutMode::kReplace).ok());
  }
  EXPECT_EQ(env.used_bytes(), 10'000u);
  EXPECT_LT(env.num_stored_inodes(), 300u);
}

}  // namespace
}  // namespace avocet
