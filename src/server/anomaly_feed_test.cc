#include "src/server/anomaly_feed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avocet {
namespace {

AnomalyRow Row(const std::string& id, int64_t time = 0) {
  AnomalyRow row;
  row.id = id;
  row.device = "dev-" + id;
  row.event_time_us = time;
  row.severity = "warning";
  return row;
}

std::vector<std::string> Ids(const std::vector<AnomalyRow>& rows) {
  std::vector<std::string> ids;
  for (const AnomalyRow& row : rows) ids.push_back(row.id);
  return ids;
}

TEST(AnomalyFeedTest, EachRowOnceAndInOrder) {
  AnomalyFeed feed(10);
  feed.Add({Row("a"), Row("b")});
  feed.Add({Row("b"), Row("c")});
  EXPECT_EQ(feed.last(), 3u);
  EXPECT_EQ(feed.NumberOf("c"), 3u);
  const auto part = feed.After(1, 10);
  EXPECT_EQ(Ids(part.rows), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(part.last, 3u);
  EXPECT_FALSE(part.is_gap);
  EXPECT_EQ(Ids(feed.After(0, 2).rows), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(feed.After(3, 10).rows.empty());
}

TEST(AnomalyFeedTest, WhatIsForgottenIsAGap) {
  AnomalyFeed feed(2);
  feed.Add({Row("a"), Row("b"), Row("c")});
  EXPECT_FALSE(feed.NumberOf("a").has_value());
  EXPECT_TRUE(feed.After(0, 10).is_gap);
  EXPECT_FALSE(feed.After(1, 10).is_gap);
  EXPECT_EQ(feed.complete_from_us(), 1);
  ASSERT_TRUE(feed.Find("b").has_value());
  EXPECT_EQ(feed.Find("b")->device, "dev-b");
}

TEST(AnomalyFeedTest, NewestFirstAndFiltered) {
  AnomalyFeed feed(10);
  feed.Add({Row("a", 5), Row("b", 9), Row("c", 7)});
  EXPECT_EQ(Ids(feed.Newest({}, 2)), (std::vector<std::string>{"b", "c"}));
  AnomalyFilter filter;
  filter.to_us = 9;
  filter.text = "DEV-";
  EXPECT_EQ(Ids(feed.Newest(filter, 9)), (std::vector<std::string>{"c", "a"}));
}

TEST(AnomalyRowTest, CsvCannotBecomeAFormula) {
  AnomalyRow row = Row("x");
  row.device = "=cmd|' /C calc'!A0";
  row.reason = "say \"hi\"";
  const std::string line = AnomalyCsv(row);
  EXPECT_NE(line.find("\"'=cmd"), std::string::npos);
  EXPECT_NE(line.find("\"say \"\"hi\"\"\""), std::string::npos);
}

}  // namespace
}  // namespace avocet
