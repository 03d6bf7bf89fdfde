#include "src/engine/device_trace.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

const std::set<std::string> kOrdinary = {"temperature", "t1"};

TEST(DeviceTraceTest, AWordIsFoundInTextsUnlessItIsPartOfAnotherName) {
  DeviceTrace trace("pump-1", kOrdinary);
  EXPECT_TRUE(trace.IsToldIn("reason", "beside pump-1, as usual"));
  EXPECT_FALSE(trace.IsToldIn("reason", "beside pump-10"));
  EXPECT_TRUE(trace.IsToldIn("reason", "beside the old pump-1"));
  trace.AddOther("old pump-1");
  EXPECT_FALSE(trace.IsToldIn("reason", "beside the old pump-1"));
  EXPECT_TRUE(trace.IsToldIn("reason", "beside the old pump-1 and pump-1"));
}

TEST(DeviceTraceTest, AnOrdinaryWordIsANameOnlyWhereDevicesAreNamed) {
  for (const char* name : {"1", "17", "ump", "t1", "temperature"}) {
    const DeviceTrace trace(name, kOrdinary);
    EXPECT_FALSE(trace.IsToldIn("reason", std::string(name) + " is high"));
    EXPECT_TRUE(trace.IsToldIn("device_id", name));
    const std::string stats = R"({"minValues":{"device_id":")" + std::string(name) + R"("}})";
    EXPECT_TRUE(trace.IsToldIn("stats", stats));
    const std::string add = R"({"add":{"size":1,"stats":"{\"maxValues\":{\"device_id\":\")";
    EXPECT_TRUE(trace.IsToldIn("", add + name + R"(\"}}"}})"));
  }
  EXPECT_FALSE(DeviceTrace("17", kOrdinary).IsToldIn("stats", R"({"numRecords":17})"));
}

TEST(DeviceTraceTest, EscapedNamesAreFound) {
  DeviceTrace trace("M\u00fcller/1", kOrdinary);
  EXPECT_TRUE(trace.IsToldIn("payload", R"({"note":"as M\u00fcller\/1 was"})"));
  EXPECT_TRUE(trace.IsToldIn("payload", "no JSON: M\\u00FCller/1"));
  trace.AddOther("Halle M\u00fcller/1");
  EXPECT_FALSE(trace.IsToldIn("payload", R"(x, "Halle M\u00fcller/1")"));
}

TEST(DeviceTraceTest, ABoundThatIsCutIsFoundUnlessAnotherDeviceBeginsAlike) {
  DeviceTrace trace(std::string(40, 'a'), kOrdinary);
  EXPECT_TRUE(trace.IsToldIn("device_id", std::string(32, 'a')));
  EXPECT_TRUE(trace.IsToldIn("device_id", std::string(31, 'a') + "b"));  // an upper one
  EXPECT_FALSE(trace.IsToldIn("device_id", std::string(30, 'a') + "bb"));
  trace.AddOther(std::string(39, 'a'));
  EXPECT_FALSE(trace.IsToldIn("device_id", std::string(32, 'a')));
  EXPECT_TRUE(trace.IsToldIn("device_id", std::string(40, 'a')));
}

}  // namespace
}  // namespace avocet
