#include "src/journal/journal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/env/sim_env.h"
#include "src/journal/journal_check.h"
#include "src/journal/journal_format.h"
#include "src/journal/journal_reader.h"

namespace avocet {
namespace {

constexpr const char* kDirectory = "/journal";

JournalOptions Options() {
  JournalOptions options;
  options.directory = kDirectory;
  return options;
}

std::unique_ptr<Journal> OpenJournal(Env* env, JournalOptions options = Options(),
                                     uint64_t end_at_least = 0) {
  auto journal = Journal::Open(std::move(options), env, end_at_least);
  EXPECT_TRUE(journal.ok()) << journal.status().message();
  return journal.ok() ? std::move(journal).value() : nullptr;
}

struct Contents {
  std::map<uint64_t, std::string> payloads;  // by first record
  uint64_t lost = 0;
  std::vector<std::string> damage;
  uint64_t end = 0;
};

Contents ReadAll(Journal* journal, uint64_t from = 0) {
  Contents contents;
  JournalReader reader(journal, from);
  JournalItem item;
  while (true) {
    const auto found = reader.Next(&item);
    EXPECT_TRUE(found.ok()) << found.status().message();
    if (!found.ok() || !*found) break;
    if (item.damage.empty()) {
      contents.payloads[item.first_record] = std::string(item.payload);
    } else {
      contents.lost += item.num_records;
      contents.damage.push_back(item.damage);
    }
  }
  contents.end = reader.record();
  return contents;
}

Result<uint64_t> Add(Journal* journal, std::string_view payload, uint32_t num_records = 1) {
  return journal->AppendAndWait({"label", payload, num_records});
}

TEST(JournalTest, GivesBackWhatWasAppended) {
  SimEnv env;
  {
    const auto journal = OpenJournal(&env);
    EXPECT_EQ(*Add(journal.get(), "a"), 0u);
    EXPECT_EQ(*Add(journal.get(), "bcd", 3), 1u);
    EXPECT_EQ(*Add(journal.get(), ""), 4u);
    const std::map<uint64_t, std::string> want = {{0, "a"}, {1, "bcd"}, {4, ""}};
    EXPECT_EQ(ReadAll(journal.get()).payloads, want);
    EXPECT_EQ(journal->stats().end_record, 5u);
    EXPECT_EQ(journal->stats().pending_bytes, 0u);
  }
  const auto journal = OpenJournal(&env);
  EXPECT_EQ(*Add(journal.get(), "e"), 5u);
  const std::map<uint64_t, std::string> want = {{1, "bcd"}, {4, ""}, {5, "e"}};
  // A position within an entry begins with that entry.
  EXPECT_EQ(ReadAll(journal.get(), 2).payloads, want);
  EXPECT_EQ(journal->WaitFor(5, std::chrono::seconds(1)), 6u);
  EXPECT_EQ(journal->WaitFor(6, std::chrono::milliseconds(1)), 6u);
}

TEST(JournalTest, LabelsComeBack) {
  SimEnv env;
  const auto journal = OpenJournal(&env);
  ASSERT_TRUE(journal->AppendAndWait({"who", "what", 2}).ok());
  JournalReader reader(journal.get(), 0);
  JournalItem item;
  ASSERT_TRUE(*reader.Next(&item));
  EXPECT_EQ(item.label, "who");
  EXPECT_EQ(item.payload, "what");
  EXPECT_EQ(item.num_records, 2u);
  EXPECT_FALSE(*reader.Next(&item));
}

TEST(JournalTest, SegmentsAreTrimmedWhenTheyAreDone) {
  SimEnv env;
  JournalOptions options = Options();
  options.segment_bytes = 1000;
  const auto journal = OpenJournal(&env, options);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Add(journal.get(), std::string(300, 'x')).ok());
  const size_t before = env.Files().size();
  EXPECT_GT(before, 5u);
  ASSERT_TRUE(journal->Trim(11).ok());
  const uint64_t first = journal->stats().first_record;
  EXPECT_GT(first, 5u);
  EXPECT_LE(first, 11u);
  EXPECT_LT(env.Files().size(), before);
  EXPECT_EQ(ReadAll(journal.get(), 11).payloads.size(), 9u);
  uint64_t on_disk = 0;
  for (const std::string& path : env.Files()) on_disk += env.Stat(path)->size_bytes;
  EXPECT_EQ(journal->stats().disk_bytes, on_disk);
  ASSERT_TRUE(journal->Trim(20).ok());
  EXPECT_EQ(env.Files().size(), 1u);  // the open one
}

TEST(JournalTest, RefusesMoreThanItsBoundUntilTrimmed) {
  SimEnv env;
  JournalOptions options = Options();
  options.max_bytes = 8000;
  const auto journal = OpenJournal(&env, options);
  uint64_t appended = 0;
  Status status;
  while (appended < 1000) {
    status = Add(journal.get(), std::string(300, 'x')).status();
    if (!status.ok()) break;
    ++appended;
  }
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_GT(appended, 15u);
  EXPECT_LE(journal->stats().disk_bytes, options.max_bytes);
  EXPECT_EQ(journal->stats().problem, status.message());
  EXPECT_EQ(Add(journal.get(), std::string(5000, 'x')).status().code(), StatusCode::kInvalid);
  ASSERT_TRUE(journal->Trim(appended).ok());
  EXPECT_EQ(journal->stats().problem, "");
  EXPECT_TRUE(Add(journal.get(), "y").ok());
}

TEST(JournalTest, NumbersOfBronzeAreNotGivenAgain) {
  SimEnv env;
  const auto journal = OpenJournal(&env, Options(), 1000);
  EXPECT_EQ(*Add(journal.get(), "a"), 1000u);
  EXPECT_EQ(ReadAll(journal.get(), 1000).payloads.size(), 1u);
  EXPECT_EQ(ReadAll(journal.get(), 1000).lost, 0u);
}

TEST(JournalTest, ManyWritersShareSyncs) {
  SimEnv env;
  const auto journal = OpenJournal(&env);
  constexpr int kWriters = 4, kEach = 500;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        const std::string payload = std::to_string(w) + "/" + std::to_string(i);
        EXPECT_TRUE(journal
                        ->Append({"", payload, 1},
                                 [&](const Result<uint64_t>& first) { acknowledged += first.ok(); })
                        .ok());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  journal->WaitFor(kWriters * kEach - 1, std::chrono::seconds(30));
  const Contents contents = ReadAll(journal.get());
  std::set<std::string> unique;
  for (const auto& [record, payload] : contents.payloads) unique.insert(payload);
  EXPECT_EQ(unique.size(), size_t{kWriters} * kEach);
  while (acknowledged < kWriters * kEach) std::this_thread::yield();
}

TEST(JournalTest, AnErrorOfTheDiskAcknowledgesNothingAndPasses) {
  for (const SimOp op :
       {SimOp::kSync, SimOp::kAppend, SimOp::kOpenForWrite, SimOp::kSyncDirectory}) {
    SimEnv env;
    std::map<uint64_t, std::string> want;
    {
      const auto journal = OpenJournal(&env);
      want[*Add(journal.get(), "before")] = "before";
      env.InjectFault({.ops = {op}, .error_number = ENOSPC, .count = SimFault::kForever});
      // One group may find the segment still open; the next needs a new one.
      Status status;
      for (int i = 0; i < 3; ++i) {
        const auto first = Add(journal.get(), "during" + std::to_string(i));
        status = first.status();
        if (first.ok()) want[*first] = "during" + std::to_string(i);
      }
      if (op == SimOp::kSync || op == SimOp::kAppend) {
        EXPECT_EQ(status.code(), StatusCode::kNoSpace) << status.message();
        EXPECT_FALSE(journal->stats().problem.empty());
      }
      env.ClearFaults();
      want[*Add(journal.get(), "after")] = "after";
      EXPECT_TRUE(journal->stats().problem.empty());
      EXPECT_EQ(ReadAll(journal.get()).payloads, want);
    }
    const auto journal = OpenJournal(&env);
    const Contents contents = ReadAll(journal.get());
    EXPECT_EQ(contents.payloads, want);
    EXPECT_EQ(contents.lost, 0u);
    EXPECT_TRUE(CheckJournal(kDirectory, &env)->damage.empty());
  }
}

// The power goes at every operation, several times in a row. What was acknowledged is there, in
// order; of the rest any part from the front.
TEST(JournalTest, PowerCutsLoseNothingThatWasAcknowledged) {
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SimEnv env({.seed = seed});
    JournalOptions options = Options();
    options.segment_bytes = 600;
    std::map<uint64_t, std::string> acknowledged;
    std::set<std::string> sent;
    uint64_t trimmed = 0;
    for (int life = 0; life < 5; ++life) {
      env.CrashAfterOps(env.Random64() % 60);
      auto opened = Journal::Open(options, &env, trimmed);
      if (opened.ok()) {
        Journal* journal = opened->get();
        for (int i = 0; i < 30; ++i) {
          const std::string payload = std::to_string(life) + "." + std::to_string(i) +
                                      std::string(env.Random64() % 200, 'p');
          sent.insert(payload);
          const auto first = Add(journal, payload, 1 + static_cast<uint32_t>(i % 3));
          if (!first.ok()) break;
          const bool is_new = acknowledged.emplace(*first, payload).second;
          ASSERT_TRUE(is_new) << "seed " << seed << ": record " << *first << " was given twice";
        }
        if (env.Random64() % 4 == 0 && !acknowledged.empty()) {
          trimmed = acknowledged.rbegin()->first;
          if (!journal->Trim(trimmed).ok()) trimmed = 0;
        }
      }
      opened = Status::Cancelled("");
      env.Restart();
      const auto journal = OpenJournal(&env, options, trimmed);
      ASSERT_NE(journal, nullptr) << "seed " << seed;
      const Contents contents = ReadAll(journal.get(), trimmed);
      EXPECT_EQ(contents.lost, 0u) << "seed " << seed << ": " << contents.damage.front();
      for (const auto& [record, payload] : acknowledged) {
        if (record < trimmed) continue;
        const auto found = contents.payloads.find(record);
        ASSERT_NE(found, contents.payloads.end()) << "seed " << seed << ": lost " << record;
        EXPECT_EQ(found->second, payload) << "seed " << seed;
      }
      for (const auto& [record, payload] : contents.payloads) {
        EXPECT_TRUE(sent.contains(payload)) << "seed " << seed;
        acknowledged[record] = payload;  // it has been seen, so it must stay
      }
      const auto report = CheckJournal(kDirectory, &env);
      EXPECT_TRUE(report->damage.empty()) << report->damage.front().message;
      EXPECT_EQ(report->torn_bytes, 0u);
    }
  }
}

// One segment of ten entries in five groups, as a killed process leaves it when `sealed` is false.
std::string MakeSegment(bool sealed, std::map<uint64_t, std::string>* payloads) {
  constexpr uint64_t kSalt = 77;
  std::string bytes = EncodeSegmentHeader({0, 1, kSalt});
  uint64_t record = 0;
  for (int group = 0; group < 5; ++group) {
    std::string entries;
    for (int i = 0; i < 2; ++i) {
      const uint64_t at = record + static_cast<uint64_t>(i);
      (*payloads)[at] = "payload " + std::to_string(at);
      AppendEntryFrame("l", (*payloads)[at], 1, &entries);
    }
    bytes += GroupFrame(record, bytes.size(), kSalt);
    record = NumberEntryFrames(record, kSalt, entries);
    bytes += entries;
  }
  return sealed ? bytes + SealFrame(record, kSalt) : bytes;
}

TEST(JournalTest, TornTailsAreCutAtEveryByte) {
  std::map<uint64_t, std::string> payloads;
  const std::string segment = MakeSegment(false, &payloads);
  for (size_t size = 0; size <= segment.size(); ++size) {
    SimEnv env;
    const std::string path = std::string(kDirectory) + "/" + SegmentName(0);
    ASSERT_TRUE(env.PutDurably(path, segment.substr(0, size), PutMode::kReplace).ok());
    EXPECT_TRUE(CheckJournal(kDirectory, &env)->damage.empty());
    const auto journal = OpenJournal(&env);
    const Contents contents = ReadAll(journal.get());
    EXPECT_EQ(contents.lost, 0u);
    EXPECT_EQ(contents.payloads.size(), contents.end);
    EXPECT_EQ(*Add(journal.get(), "new"), contents.end);
    EXPECT_EQ(ReadAll(journal.get()).payloads.size(), contents.end + 1);
  }
}

TEST(JournalTest, EveryDamagedByteIsFoundAndCostsOnlyItsEntry) {
  std::map<uint64_t, std::string> payloads;
  const std::string segment = MakeSegment(true, &payloads);
  const std::string path = std::string(kDirectory) + "/" + SegmentName(0);
  for (size_t at = 0; at < segment.size(); ++at) {
    SimEnv env;
    std::string damaged = segment;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    ASSERT_TRUE(env.PutDurably(path, damaged, PutMode::kReplace).ok());
    const auto report = CheckJournal(kDirectory, &env);
    const auto journal = OpenJournal(&env);
    ASSERT_NE(journal, nullptr);
    const Contents contents = ReadAll(journal.get());
    EXPECT_LE(contents.lost, 1u) << at;
    EXPECT_EQ(contents.payloads.size() + contents.lost, payloads.size()) << at;
    for (const auto& [record, payload] : contents.payloads) EXPECT_EQ(payload, payloads[record]);
    EXPECT_EQ(report->damage.size(), contents.lost == 0 ? report->damage.size() : 1u) << at;
    if (contents.lost == 0) continue;
    EXPECT_NE(contents.damage.front().find(path), std::string::npos);
    EXPECT_NE(report->damage.front().message.find("1 records"), std::string::npos)
        << report->damage.front().message;
  }
}

TEST(JournalTest, PayloadsThatLookLikeFramesAreNone) {
  SimEnv env;
  std::string forged;
  AppendEntryFrame("l", "forged", 1, &forged);
  NumberEntryFrames(5, /*salt=*/1, forged);
  forged = GroupFrame(5, 1'000'000, /*salt=*/1) + forged;
  const std::string path = std::string(kDirectory) + "/" + SegmentName(0);
  {
    const auto journal = OpenJournal(&env);
    ASSERT_TRUE(Add(journal.get(), "good").ok());
    ASSERT_TRUE(Add(journal.get(), "x" + forged + forged).ok());
  }
  ASSERT_TRUE(env.TruncateFile(path, env.Stat(path)->size_bytes - 40).ok());
  const auto journal = OpenJournal(&env);
  const Contents contents = ReadAll(journal.get());
  EXPECT_EQ(contents.payloads.size(), 1u);
  EXPECT_EQ(contents.lost, 0u);
}

TEST(JournalTest, AMissingSegmentIsALoss) {
  SimEnv env;
  JournalOptions options = Options();
  options.segment_bytes = 500;
  {
    const auto journal = OpenJournal(&env, options);
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(Add(journal.get(), std::string(200, 'x')).ok());
  }
  ASSERT_TRUE(env.Remove(env.Files().at(1)).ok());
  EXPECT_EQ(CheckJournal(kDirectory, &env)->damage.size(), 1u);
  const auto journal = OpenJournal(&env, options);
  const Contents contents = ReadAll(journal.get());
  EXPECT_GT(contents.lost, 0u);
  EXPECT_EQ(contents.payloads.size() + contents.lost, 6u);
}

}  // namespace
}  // namespace avocet
