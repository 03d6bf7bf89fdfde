#include "src/source/kinesis/kpl_aggregate.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

// What AWS's aggregator for Python (aws_kinesis_agg) makes of three user records with two keys, one
// of them with an explicit hash key.
constexpr std::string_view kGolden =
    "f3899ac20a056465762d310a056465762d3212033132331a1f08001a1b7b226465766963655f6964223a226465762d"
    "31222c2276223a317d1a21080110001a1b7b226465766963655f6964223a226465762d32222c2276223a327d1a1f08"
    "001a1b7b226465766963655f6964223a226465762d31222c2276223a337d8ca1078af4fafd2fbbfab490780cb0e6";

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

TEST(KplAggregate, UserRecordsComeOutInOrder) {
  const std::string payload = FromHex(kGolden);
  std::vector<KplRecord> records;
  ASSERT_TRUE(SplitKplAggregate(payload, &records));
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].partition_key, "dev-1");
  EXPECT_EQ(records[0].data, R"({"device_id":"dev-1","v":1})");
  EXPECT_EQ(records[1].partition_key, "dev-2");
  EXPECT_EQ(records[1].data, R"({"device_id":"dev-2","v":2})");
  EXPECT_EQ(records[2].partition_key, "dev-1");
  EXPECT_EQ(records[2].data, R"({"device_id":"dev-1","v":3})");
}

TEST(KplAggregate, AnyOtherPayloadIsNone) {
  std::vector<KplRecord> records;
  EXPECT_FALSE(SplitKplAggregate("", &records));
  EXPECT_FALSE(SplitKplAggregate("{\"v\":1}", &records));
  EXPECT_FALSE(SplitKplAggregate("\xF3\x89\x9A\xC2", &records));
  EXPECT_TRUE(records.empty());
}

TEST(KplAggregate, EveryDamagedByteIsSeen) {
  const std::string payload = FromHex(kGolden);
  std::vector<KplRecord> records;
  for (size_t i = 0; i < payload.size(); ++i) {
    std::string damaged = payload;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(SplitKplAggregate(damaged, &records)) << i;
    EXPECT_FALSE(SplitKplAggregate(payload.substr(0, i), &records)) << i;
  }
}

}  // namespace
}  // namespace avocet
