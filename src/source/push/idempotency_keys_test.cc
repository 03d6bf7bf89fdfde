#include "src/source/push/idempotency_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

using State = IdempotencyKeys::State;
using std::chrono::seconds;

TEST(IdempotencyKeysTest, AKeyIsNewOnce) {
  IdempotencyKeys keys(10, seconds(100));
  IdempotencyKeys::Outcome outcome;
  const std::string name = IdempotencyKeys::Name("token", "key");
  EXPECT_NE(name, IdempotencyKeys::Name("token2", "key"));
  EXPECT_NE(IdempotencyKeys::Name("a", "bc"), IdempotencyKeys::Name("ab", "c"));
  EXPECT_EQ(keys.Begin(name, 0, &outcome), State::kNew);
  EXPECT_EQ(keys.Begin(name, 0, &outcome), State::kRunning);
  keys.Forget(name);
  EXPECT_EQ(keys.Begin(name, 0, &outcome), State::kNew);
  keys.Finish(name, {99, 3, 1, 0});
  keys.Forget(name);  // too late
  EXPECT_EQ(keys.Begin(name, 0, &outcome), State::kTaken);
  EXPECT_EQ(outcome.body_hash, 99u);
  EXPECT_EQ(outcome.accepted, 3u);
  EXPECT_EQ(outcome.rejected, 1u);
}

TEST(IdempotencyKeysTest, OldAndSurplusKeysGo) {
  IdempotencyKeys keys(3, seconds(100));
  IdempotencyKeys::Outcome outcome;
  const auto name = [](int i) { return IdempotencyKeys::Name("", std::to_string(i)); };
  for (int i = 0; i < 5; ++i) keys.Finish(name(i), {0, 0, 0, i * 1'000'000});
  EXPECT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys.Begin(name(1), 5'000'000, &outcome), State::kNew);
  EXPECT_EQ(keys.Begin(name(2), 5'000'000, &outcome), State::kTaken);
  EXPECT_EQ(keys.Begin(name(3), 103'500'000, &outcome), State::kNew);
  EXPECT_EQ(keys.Begin(name(4), 103'500'000, &outcome), State::kTaken);
}

TEST(IdempotencyKeysTest, FinishedKeysSurviveAFile) {
  IdempotencyKeys keys(10, seconds(100));
  IdempotencyKeys::Outcome outcome;
  const std::string done = IdempotencyKeys::Name("", "done");
  const std::string running = IdempotencyKeys::Name("", "running");
  keys.Finish(done, {7, 1, 2, 1'000});
  keys.Begin(running, 0, &outcome);
  const std::string bytes = keys.Encode();
  IdempotencyKeys read(10, seconds(100));
  ASSERT_TRUE(read.Decode(bytes).ok());
  EXPECT_EQ(read.Begin(done, 0, &outcome), State::kTaken);
  EXPECT_EQ(outcome.rejected, 2u);
  EXPECT_EQ(read.Begin(running, 0, &outcome), State::kNew);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    IdempotencyKeys other(10, seconds(100));
    EXPECT_EQ(other.Decode(damaged).code(), StatusCode::kCorrupt) << i;
    EXPECT_EQ(other.Decode(bytes.substr(0, i)).code(), StatusCode::kCorrupt) << i;
  }
}

}  // namespace
}  // namespace avocet
