#include "src/alert/pipeline_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;

PipelineAlertConfig Quick() {
  PipelineAlertConfig config;
  config.duration = Duration(0);
  config.hold_off = std::chrono::seconds(2);
  return config;
}

/// "STATE METRIC" of each change of one observation.
std::vector<std::string> Observed(PipelineWatch* watch, const PipelineState& state,
                                  int64_t second) {
  std::vector<AlertChange> changes;
  watch->Observe(state, second * kSecond, &changes);
  std::vector<std::string> texts;
  for (const AlertChange& change : changes) {
    EXPECT_EQ(change.rule, kPipelineRule);
    EXPECT_TRUE(change.device.empty());
    texts.push_back(std::string(AlertStateName(change.state)) + " " + change.metric);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(PipelineWatch, ASourceThatIsDownFiresAndClears) {
  PipelineWatch watch(Quick());
  PipelineState state;
  state.sources.push_back({.name = "mqtt", .ready = true, .problem = {}, .lag_ms = 0});
  EXPECT_EQ(Observed(&watch, state, 1), Texts{});
  state.sources[0].ready = false;
  EXPECT_EQ(Observed(&watch, state, 2), Texts{"firing source mqtt"});
  EXPECT_EQ(Observed(&watch, state, 3), Texts{});
  state.sources[0].ready = true;
  EXPECT_EQ(Observed(&watch, state, 4), Texts{});
  EXPECT_EQ(Observed(&watch, state, 5), Texts{"cleared source mqtt"});
}

TEST(PipelineWatch, WhatDoesNotLastIsNotTold) {
  PipelineAlertConfig config = Quick();
  config.duration = std::chrono::minutes(1);
  PipelineWatch watch(config);
  PipelineState state;
  state.problem = "disk full";
  EXPECT_EQ(Observed(&watch, state, 0), Texts{"pending tables"});
  EXPECT_EQ(Observed(&watch, state, 59), Texts{});
  EXPECT_EQ(Observed(&watch, state, 60), Texts{"firing tables"});
}

TEST(PipelineWatch, LagEndsAtHalfOfWhatIsAllowed) {
  PipelineWatch watch(Quick());
  PipelineState state;
  state.sources.push_back({.name = "k", .ready = true, .problem = {}, .lag_ms = 300'000});
  EXPECT_EQ(Observed(&watch, state, 1), Texts{"firing lag of k"});
  state.sources[0].lag_ms = 200'000;
  EXPECT_EQ(Observed(&watch, state, 10), Texts{});
  state.sources[0].lag_ms = 100'000;
  EXPECT_EQ(Observed(&watch, state, 20), Texts{"cleared lag of k"});
}

TEST(PipelineWatch, TheShareOfRejectedRecordsIsThatOfTheLastMinutes) {
  PipelineWatch watch(Quick());
  PipelineState state;
  state.received = 1'000'000;  // Long ago.
  EXPECT_EQ(Observed(&watch, state, 0), Texts{});
  state.received += 10;
  state.quarantined += 10;
  EXPECT_EQ(Observed(&watch, state, 1), Texts{});  // Too few to say.
  state.received += 90;
  EXPECT_EQ(Observed(&watch, state, 2), Texts{"firing rejected records"});
  state.received += 1'000;
  EXPECT_EQ(Observed(&watch, state, 5), Texts{"cleared rejected records"});
  for (int64_t second = 6; second < 400; ++second) {
    EXPECT_EQ(Observed(&watch, state, second), Texts{});
  }
  state.received += 30;
  state.quarantined += 30;
  EXPECT_EQ(Observed(&watch, state, 400), Texts{"firing rejected records"});
}

TEST(PipelineWatch, ADiskNeedsRoomAndSomeMoreToBeWellAgain) {
  PipelineWatch watch(Quick());
  PipelineState state;
  state.free_bytes = 900'000'000;
  EXPECT_EQ(Observed(&watch, state, 1), Texts{"firing disk"});
  state.free_bytes = 1'200'000'000;
  EXPECT_EQ(Observed(&watch, state, 10), Texts{});
  state.free_bytes = 2'000'000'000;
  EXPECT_EQ(Observed(&watch, state, 20), Texts{"cleared disk"});
}

}  // namespace
}  // namespace avocet
