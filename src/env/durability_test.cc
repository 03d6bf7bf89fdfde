// The property of durable writing: what was acknowledged is there after a crash, and what was not
// is absent or complete. Random operations, faults and crashes are checked against a model.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "src/env/parent_path.h"
#include "src/env/sim_env.h"

namespace avocet {
namespace {

using Content = std::optional<std::string>;

// A step of durable writing that a careless implementation would leave out.
enum class Omission { kNone, kFileSync, kDirectorySync, kParentSync };

class UnsyncedFile : public WritableFile {
 public:
  explicit UnsyncedFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Status Append(std::string_view bytes) override { return file_->Append(bytes); }
  Status Sync() override { return Status::Ok(); }
  Status Close() override { return file_->Close(); }

 private:
  const std::unique_ptr<WritableFile> file_;
};

class CarelessCalls : public FileSystemCalls {
 public:
  CarelessCalls(Omission omission, std::unique_ptr<FileSystemCalls> calls)
      : omission_(omission), calls_(std::move(calls)) {}

  Result<std::unique_ptr<WritableFile>> CreateNewFile(const std::string& path) override {
    AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, calls_->CreateNewFile(path));
    if (omission_ != Omission::kFileSync) return file;
    return std::unique_ptr<WritableFile>(std::make_unique<UnsyncedFile>(std::move(file)));
  }
  Result<FileInfo> Stat(const std::string& path) override { return calls_->Stat(path); }
  Status MakeDirectory(const std::string& path) override { return calls_->MakeDirectory(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    return calls_->Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return calls_->Link(from, to);
  }
  Status Remove(const std::string& path) override { return calls_->Remove(path); }
  Status SyncDirectory(const std::string& directory) override {
    if (omission_ == Omission::kDirectorySync && directory == "/d/e") return Status::Ok();
    if (omission_ == Omission::kParentSync && directory == "/d") return Status::Ok();
    return calls_->SyncDirectory(directory);
  }

 private:
  const Omission omission_;
  const std::unique_ptr<FileSystemCalls> calls_;
};

class CarelessEnv : public SimEnv {
 public:
  CarelessEnv(uint64_t seed, Omission omission)
      : SimEnv({.seed = seed}, [omission](std::unique_ptr<FileSystemCalls> calls) {
          return std::make_unique<CarelessCalls>(omission, std::move(calls));
        }) {}
};

// What each path may hold after a power cut.
class Model {
 public:
  bool MayBe(const std::string& path, const Content& content) {
    return Possible(path).contains(content);
  }
  bool MayExist(const std::string& path) {
    const std::set<Content>& possible = Possible(path);
    return possible.size() > 1 || *possible.begin() != std::nullopt;
  }
  void Acknowledge(const std::string& path, const Content& content) {
    std::set<Content>& possible = Possible(path);
    possible.clear();
    possible.insert(content);
  }
  void Attempt(const std::string& path, const Content& content) { Possible(path).insert(content); }

 private:
  std::set<Content>& Possible(const std::string& path) {
    return possible_.try_emplace(path, std::set<Content>{std::nullopt}).first->second;
  }

  std::map<std::string, std::set<Content>> possible_;
};

// An append-only file whose entry is durable.
struct Journal {
  std::string path;
  std::unique_ptr<WritableFile> file;  // null after the first error
  std::string appended;                // perhaps without its last part
  size_t synced_size = 0;
};

class RandomRun {
 public:
  RandomRun(uint64_t seed, Omission omission) : random_(~seed), env_(seed, omission) {}

  /// The first promise that was broken; empty when all were kept.
  std::string Run() {
    for (step_ = 0; step_ < 120 && violation_.empty(); ++step_) {
      Step();
      if (!env_.IsCrashed()) CheckFiles();
      if (env_.IsCrashed()) Restart();
    }
    env_.ClearFaults();
    Restart();
    return violation_;
  }

 private:
  void Step() {
    const uint64_t choice = random_.Below(20);
    if (choice < 10) {
      Put();
    } else if (choice < 12) {
      Remove();
    } else if (choice < 16) {
      UseJournal();
    } else if (choice < 18) {
      InjectFault();
    } else if (choice < 19) {
      env_.CrashAfterOps(random_.Below(25));
    } else {
      Restart();
    }
  }

  std::string AnyPath() {
    constexpr const char* kPaths[] = {"/a", "/d/e/a", "/d/e/b", "/d/f/a", "/g/a"};
    return kPaths[random_.Below(5)];
  }

  std::string AnyBytes() {
    return std::to_string(step_) + std::string(random_.Below(1'500), 'x') + "end";
  }

  void Put() {
    const std::string path = AnyPath();
    const std::string bytes = AnyBytes();
    const PutMode mode = random_.Chance(0.5) ? PutMode::kReplace : PutMode::kCreateNew;
    const Status status = env_.PutDurably(path, bytes, mode);
    if (status.code() == StatusCode::kAlreadyExists) {
      Expect(mode == PutMode::kCreateNew && model_.MayExist(path), path, "exists, it says");
    } else if (status.ok()) {
      const bool replaces = mode == PutMode::kCreateNew && !model_.MayBe(path, std::nullopt);
      Expect(!replaces, path, "was replaced by a put that must create");
      model_.Acknowledge(path, bytes);
    } else {
      model_.Attempt(path, bytes);
    }
  }

  void Remove() {
    const std::string path = AnyPath();
    Status status = env_.Remove(path);
    if (status.code() == StatusCode::kNotFound) return;
    if (status.ok()) status = env_.SyncDirectory(ParentPath(path));
    if (status.ok()) {
      model_.Acknowledge(path, std::nullopt);
    } else {
      model_.Attempt(path, std::nullopt);
    }
  }

  void UseJournal() {
    if (journals_.empty() || journals_.back().file == nullptr) {
      OpenJournal();
      return;
    }
    Journal& journal = journals_.back();
    Status status;
    if (random_.Chance(0.6)) {
      const std::string bytes = AnyBytes();
      journal.appended += bytes;
      status = journal.file->Append(bytes);
    } else {
      status = journal.file->Sync();
      if (status.ok()) journal.synced_size = journal.appended.size();
    }
    if (!status.ok()) journal.file = nullptr;
  }

  void OpenJournal() {
    const std::string path = "/journal/" + std::to_string(journals_.size());
    if (!env_.MakeDirectories("/journal").ok()) return;
    Result<std::unique_ptr<WritableFile>> file = env_.OpenForWrite(path);
    if (!file.ok() || !env_.SyncDirectory("/journal").ok()) return;
    journals_.push_back({path, std::move(*file), "", 0});
  }

  void InjectFault() {
    constexpr SimOp kOps[] = {SimOp::kAppend, SimOp::kSync,          SimOp::kRename,
                              SimOp::kLink,   SimOp::kSyncDirectory, SimOp::kMakeDirectory,
                              SimOp::kRemove, SimOp::kOpenForWrite,  SimOp::kStat};
    SimFault fault;
    fault.ops = {kOps[random_.Below(std::size(kOps))]};
    fault.error_number = random_.Chance(0.5) ? EIO : ENOSPC;
    fault.skip = static_cast<int64_t>(random_.Below(4));
    fault.takes_effect = random_.Chance(0.3);
    env_.InjectFault(fault);
  }

  void Restart() {
    constexpr SimCrash kCrashes[] = {SimCrash::kPowerCut, SimCrash::kLoseUnsynced,
                                     SimCrash::kProcessKill};
    const SimCrash crash = kCrashes[random_.Below(3)];
    env_.Restart(crash);
    if (!journals_.empty()) journals_.back().file = nullptr;
    CheckFiles();
    CheckJournals();
    // After a power cut what is there is what is on the disk.
    if (crash == SimCrash::kProcessKill) return;
    for (const char* path : {"/a", "/d/e/a", "/d/e/b", "/d/f/a", "/g/a"}) {
      model_.Acknowledge(path, Read(path));
    }
  }

  Content Read(const std::string& path) {
    while (true) {
      const Result<std::string> content = env_.ReadFile(path);
      if (content.ok()) return *content;
      if (content.status().code() == StatusCode::kNotFound) return std::nullopt;
      // Only a waiting fault or crash can be the reason, and each strikes once.
      if (env_.IsCrashed()) return std::nullopt;
    }
  }

  void CheckFiles() {
    for (const char* path : {"/a", "/d/e/a", "/d/e/b", "/d/f/a", "/g/a"}) {
      const Content content = Read(path);
      if (env_.IsCrashed()) return;
      Expect(model_.MayBe(path, content), path, "holds " + content.value_or("nothing"));
    }
  }

  void CheckJournals() {
    for (const Journal& journal : journals_) {
      const Content content = Read(journal.path);
      const bool kept = content.has_value() && content->size() <= journal.appended.size() &&
                        content->starts_with(journal.appended.substr(0, journal.synced_size));
      Expect(kept, journal.path, "has lost synced bytes");
    }
  }

  void Expect(bool condition, const std::string& path, const std::string& problem) {
    if (condition || !violation_.empty()) return;
    violation_ = "step " + std::to_string(step_) + ": " + path + " " + problem;
  }

  SimRandom random_;
  CarelessEnv env_;
  Model model_;
  std::vector<Journal> journals_;
  int step_ = 0;
  std::string violation_;
};

constexpr uint64_t kSeeds = 200;

TEST(Durability, AcknowledgedIsThereAndTheRestIsAbsentOrComplete) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    ASSERT_EQ(RandomRun(seed, Omission::kNone).Run(), "") << "seed " << seed;
  }
}

TEST(Durability, EveryLeftOutStepIsNoticed) {
  for (const Omission omission :
       {Omission::kFileSync, Omission::kDirectorySync, Omission::kParentSync}) {
    bool noticed = false;
    for (uint64_t seed = 0; seed < kSeeds && !noticed; ++seed) {
      noticed = !RandomRun(seed, omission).Run().empty();
    }
    EXPECT_TRUE(noticed) << static_cast<int>(omission);
  }
}

TEST(Durability, CrashAtEveryOperationOfAPut) {
  for (const PutMode mode : {PutMode::kReplace, PutMode::kCreateNew}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      for (uint64_t num_ops = 0; num_ops < 100; ++num_ops) {
        SimEnv env({.seed = seed});
        const bool replaces = mode == PutMode::kReplace;
        if (replaces) {
          ASSERT_TRUE(env.PutDurably("/d/e/a", "old", mode).ok());
        }
        env.CrashAfterOps(num_ops);
        const bool acknowledged = env.PutDurably("/d/e/a", "new", mode).ok();
        env.Restart();
        const Result<std::string> content = env.ReadFile("/d/e/a");
        if (acknowledged) {
          ASSERT_EQ(*content, "new");
          break;
        }
        ASSERT_TRUE(replaces ? content.ok() && (*content == "old" || *content == "new")
                             : !content.ok() || *content == "new")
            << "seed " << seed << " crash after " << num_ops;
        // What is left of the first try does not disturb a second one.
        ASSERT_TRUE(env.PutDurably("/d/e/a", "newer", PutMode::kReplace).ok());
        env.Crash(SimCrash::kLoseUnsynced);
        ASSERT_EQ(*env.ReadFile("/d/e/a"), "newer");
      }
    }
  }
}

}  // namespace
}  // namespace avocet
