#include "src/sink/batch_sink.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "src/env/sim_env.h"

namespace avocet {
namespace {

/// Does as it is told, once for each attempt; after that it takes everything.
struct Script {
  std::vector<BatchCarrier::Outcome> outcomes;
  std::vector<std::string> attempts;  // number of the batch and its records
};

class ScriptedCarrier : public BatchCarrier {
 public:
  explicit ScriptedCarrier(Script* script) : script_(*script) {}

  Outcome Carry(RecordBatch* batch) override {
    std::string attempt = std::to_string(batch->number) + ":";
    for (const std::string& record : batch->records) attempt += record;
    script_.attempts.push_back(attempt);
    if (next_ < script_.outcomes.size()) {
      const Outcome outcome = script_.outcomes[next_++];
      batch->records.erase(batch->records.begin(),
                           batch->records.begin() + static_cast<std::ptrdiff_t>(
                                                        outcome.acknowledged + outcome.rejected));
      return outcome;
    }
    Outcome outcome;
    outcome.acknowledged = batch->records.size();
    return outcome;
  }

 private:
  Script& script_;
  size_t next_ = 0;
};

BatchCarrier::Outcome Later(uint64_t acknowledged = 0) {
  BatchCarrier::Outcome outcome;
  outcome.acknowledged = acknowledged;
  outcome.status = Status::Unavailable("not now");
  return outcome;
}

struct Fixture {
  explicit Fixture(std::vector<BatchCarrier::Outcome> outcomes, BatchLimits limits = {.records = 2})
      : script{std::move(outcomes), {}},
        sink(std::make_unique<ScriptedCarrier>(&script), limits, &env) {}
  SimEnv env;
  Script script;
  BatchSink sink;
};

TEST(BatchSink, FullBatchesGoInOrder) {
  Fixture f({});
  for (const char* record : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(f.sink.Send(record).ok());
  ASSERT_TRUE(f.sink.Close().ok());
  EXPECT_EQ(f.script.attempts, (std::vector<std::string>{"0:ab", "1:cd", "2:e"}));
  EXPECT_EQ(f.sink.counts().sent, 5u);
  EXPECT_EQ(f.sink.counts().acknowledged, 5u);
}

TEST(BatchSink, BytesFillABatchToo) {
  Fixture f({}, {.records = 100, .bytes = 4});
  for (const char* record : {"aaa", "bb", "cc"}) ASSERT_TRUE(f.sink.Send(record).ok());
  ASSERT_TRUE(f.sink.Close().ok());
  EXPECT_EQ(f.script.attempts, (std::vector<std::string>{"0:aaa", "1:bbcc"}));
}

TEST(BatchSink, OnlyWhatIsLeftIsCarriedAgain) {
  Fixture f({Later(), Later(1)});
  ASSERT_TRUE(f.sink.Send("a").ok());
  ASSERT_TRUE(f.sink.Send("b").ok());
  ASSERT_TRUE(f.sink.Close().ok());
  EXPECT_EQ(f.script.attempts, (std::vector<std::string>{"0:ab", "0:ab", "0:b"}));
  EXPECT_EQ(f.sink.counts().acknowledged, 2u);
}

TEST(BatchSink, RejectedRecordsAreCountedAndTheRestGoesOn) {
  BatchCarrier::Outcome outcome;
  outcome.rejected = 1;
  outcome.acknowledged = 1;
  outcome.rejection = "no number";
  Fixture f({outcome});
  for (const char* record : {"a", "b", "c"}) ASSERT_TRUE(f.sink.Send(record).ok());
  ASSERT_TRUE(f.sink.Close().ok());
  EXPECT_EQ(f.sink.counts().rejected, 1u);
  EXPECT_EQ(f.sink.counts().acknowledged, 2u);
  EXPECT_EQ(f.sink.counts().rejection, "no number");
}

TEST(BatchSink, PatienceEndsAndEverybodyIsTold) {
  Fixture f(std::vector<BatchCarrier::Outcome>(1000, Later()),
            {.records = 1, .patience = std::chrono::seconds(10)});
  Status status;
  for (int i = 0; i < 20 && status.ok(); ++i) status = f.sink.Send("a");
  if (status.ok()) status = f.sink.Close();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(f.sink.Close().code(), StatusCode::kUnavailable);
  EXPECT_LT(f.script.attempts.size(), 20u);
  EXPECT_EQ(f.sink.counts().acknowledged, 0u);
}

TEST(BatchSink, WhatIsWrongForGoodEndsIt) {
  BatchCarrier::Outcome outcome;
  outcome.status = Status::Permission("no");
  Fixture f({outcome});
  ASSERT_TRUE(f.sink.Send("a").ok());
  EXPECT_EQ(f.sink.Close().code(), StatusCode::kPermission);
  EXPECT_EQ(f.script.attempts.size(), 1u);
}

TEST(BatchSink, FlushLeavesAYoungBatch) {
  Fixture f({}, {.records = 100, .hold = std::chrono::seconds(60)});
  ASSERT_TRUE(f.sink.Send("a").ok());
  ASSERT_TRUE(f.sink.Flush().ok());
  EXPECT_EQ(f.sink.counts().sent, 0u);
  f.env.SleepFor(std::chrono::seconds(61));
  ASSERT_TRUE(f.sink.Flush().ok());
  EXPECT_EQ(f.sink.counts().sent, 1u);
  ASSERT_TRUE(f.sink.Close().ok());
}

}  // namespace
}  // namespace avocet
