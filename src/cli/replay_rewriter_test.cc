#include "src/cli/replay_rewriter.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

constexpr int64_t kHourUs = int64_t{3'600} * 1'000'000;

EventTimeReader Times(TimeFormat format) {
  SchemaConfig schema;
  schema.time_format = format;
  return EventTimeReader(schema);
}

std::string Rewritten(const RewritePlan& plan, std::string_view json, int64_t shift_us = 0) {
  ReplayRewriter rewriter(plan);
  rewriter.set_shift_us(shift_us);
  std::string line = rewriter.Rewrite(json, EventTimeOf(plan, json));
  EXPECT_TRUE(line.ends_with('\n'));
  line.pop_back();
  return line;
}

TEST(ReplayRewriterTest, WithoutConfigurationFieldsGetTheNamesThatRunLooksFor) {
  const RewritePlan plan{.time_field = "Time", .device_constant = "hall"};
  EXPECT_EQ(Rewritten(plan, R"({"Time":1623781306,"T":1.50})"),
            R"({"device_id":"hall","timestamp":"2021-06-15T18:21:46Z","T":1.50})");
  EXPECT_EQ(Rewritten(plan, R"({"timestamp":"other","Time":1623781306})"),
            R"({"device_id":"hall","timestamp":"2021-06-15T18:21:46Z"})");
  const RewritePlan mote{.time_field = "ts", .device_field = "mote", .device_constant = "none"};
  EXPECT_EQ(Rewritten(mote, R"({"ts":"2021-06-15T18:21:46+02:00","mote":7,"a":1})"),
            R"({"device_id":7,"timestamp":"2021-06-15T16:21:46Z","a":1})");
  EXPECT_EQ(Rewritten(mote, R"({"ts":1623781306123,"mote":null})"),
            R"({"device_id":"none","timestamp":"2021-06-15T18:21:46.123Z"})");
}

TEST(ReplayRewriterTest, WithConfigurationItsFieldsStay) {
  RewritePlan plan{.time_field = "Time", .times = Times(TimeFormat::kEpochS)};
  plan.expected.emplace();
  plan.expected->time_field = "Time";
  plan.expected->time_format = TimeFormat::kEpochS;
  plan.expected->device_constant = plan.device_constant = "hall";
  EXPECT_EQ(Rewritten(plan, R"({"Time":1623781306,"T":1})"),
            R"({"device_id":"hall","timestamp":"2021-06-15T18:21:46Z","Time":1623781306,"T":1})");
  EXPECT_EQ(
      Rewritten(plan, R"({"Time":1623781306.5})", kHourUs),
      R"({"Time":1623784906.500000,"device_id":"hall","timestamp":"2021-06-15T19:21:46.500Z"})");
}

TEST(ReplayRewriterTest, ANestedTimeIsShiftedInItsPlace) {
  RewritePlan plan{
      .time_field = "m.t", .times = Times(TimeFormat::kEpochMs), .device_field = "m.d"};
  plan.expected.emplace();
  plan.expected->time_field = "m.t";
  plan.expected->time_format = TimeFormat::kEpochMs;
  plan.expected->device_field = "m.d";
  EXPECT_EQ(Rewritten(plan, R"({"m":{"d":"x","t":1623781306000,"v":2}})", kHourUs),
            R"({"device_id":"x","timestamp":"2021-06-15T19:21:46Z",)"
            R"("m":{"d":"x","t":1623784906000,"v":2}})");
}

TEST(ReplayRewriterTest, AnotherFieldOfTheFileBecomesThatOfTheConfiguration) {
  RewritePlan plan{.time_field = "ts", .device_field = "mote"};
  plan.expected.emplace();
  plan.expected->time_field = "when";
  plan.expected->device_field = "who";
  EXPECT_EQ(Rewritten(plan, R"({"ts":1623781306,"mote":3,"a":1})"),
            R"({"when":"2021-06-15T18:21:46Z","who":3,"device_id":3,)"
            R"("timestamp":"2021-06-15T18:21:46Z","a":1})");
}

TEST(ReplayRewriterTest, WhatHasNoTimeIsPassedOnAsItIs) {
  const RewritePlan plan{.time_field = "ts"};
  ReplayRewriter rewriter(plan);
  for (const std::string json : {R"({"ts":"soon"})", R"({"a":1})", R"({"ts":)", "[1]"}) {
    EXPECT_EQ(rewriter.Rewrite(json, EventTimeOf(plan, json)), json + "\n");
  }
  EXPECT_EQ(rewriter.Rewrite("{\n\"a\":\r\n1}", std::nullopt), "{ \"a\":  1}\n");
  EXPECT_EQ(rewriter.unchanged(), 5u);
}

}  // namespace
}  // namespace avocet
