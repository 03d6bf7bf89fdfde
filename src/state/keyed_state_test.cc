// DeviceTable, RecentRecords and QualityRules.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>

#include "src/state/device_table.h"
#include "src/state/quality_rules.h"
#include "src/state/recent_records.h"

namespace avocet {
namespace {

TEST(DeviceTableTest, ANameKeepsItsSlotThroughGrowthAndReload) {
  DeviceTable table;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "device-" + std::to_string(i);
    ASSERT_EQ(table.FindOrAdd(name, DeviceHash(name)), static_cast<uint32_t>(i));
  }
  table.newest_us[17] = 42;
  StateWriter writer;
  table.Save(&writer);
  const std::string bytes = writer.Take();
  DeviceTable loaded;
  StateReader reader(bytes);
  ASSERT_TRUE(loaded.Load(&reader).ok());
  EXPECT_EQ(loaded.newest_us[17], 42);
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "device-" + std::to_string(i);
    ASSERT_EQ(loaded.Find(name, DeviceHash(name)), static_cast<uint32_t>(i));
  }
  EXPECT_FALSE(loaded.Find("other", DeviceHash("other")).has_value());
}

TEST(DeviceTableTest, NamesWithEqualHashesAreKeptApart) {
  DeviceTable table;
  EXPECT_EQ(table.FindOrAdd("a", 7), 0U);
  EXPECT_EQ(table.FindOrAdd("b", 7), 1U);
  EXPECT_EQ(table.FindOrAdd("a", 7), 0U);
}

TEST(RecentRecordsTest, RemembersExactlyTheLast64) {
  RecentRecords recent;
  std::deque<uint64_t> last;
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t hash = random() % 100;
    const bool known = std::find(last.begin(), last.end(), hash) != last.end();
    ASSERT_EQ(recent.SeenBefore(3, hash, false), known) << i;
    if (known) continue;
    last.push_back(hash);
    if (last.size() > RecentRecords::kRemembered) last.pop_front();
  }
}

TEST(RecentRecordsTest, ANewerRecordIsRememberedWithoutBeingCompared) {
  RecentRecords recent;
  EXPECT_FALSE(recent.SeenBefore(0, 7, true));
  EXPECT_FALSE(recent.SeenBefore(0, 7, true));
  EXPECT_TRUE(recent.SeenBefore(0, 7, false));
}

TEST(RecentRecordsTest, SavedStateContinues) {
  RecentRecords recent;
  for (uint64_t i = 0; i < 100; ++i) recent.SeenBefore(0, i, false);
  for (uint64_t i = 0; i < 3; ++i) recent.SeenBefore(2, i, false);
  StateWriter writer;
  recent.Save(&writer);
  const std::string bytes = writer.Take();
  RecentRecords loaded;
  StateReader reader(bytes);
  ASSERT_TRUE(loaded.Load(&reader).ok());
  EXPECT_FALSE(loaded.SeenBefore(0, 35, false));  // Forgotten, and now the newest.
  EXPECT_TRUE(loaded.SeenBefore(0, 99, false));
  EXPECT_TRUE(loaded.SeenBefore(2, 2, false));
  for (size_t size = 0; size < bytes.size(); ++size) {
    StateReader cut(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(RecentRecords().Load(&cut).ok());
  }
}

MetricConfig Metric(InvalidAction action) {
  MetricConfig metric;
  metric.name = "temperature";
  metric.min = -40;
  metric.max = 85;
  metric.on_invalid = action;
  return metric;
}

TEST(QualityRulesTest, EachActionDoesWhatItSays) {
  const auto apply = [](InvalidAction action, double value, double* kept) {
    QualityRules rules({Metric(action)});
    std::vector<Violation> violations;
    std::vector<double> values = {value};
    const InvalidAction result = rules.Apply(0, 0, 0, false, values, &violations);
    *kept = values[0];
    EXPECT_EQ(violations.size(), 1U);
    EXPECT_EQ(rules.Explain(violations[0]), "temperature is 90, outside its range -40 to 85");
    return result;
  };
  double kept = 0;
  EXPECT_EQ(apply(InvalidAction::kWarn, 90, &kept), InvalidAction::kWarn);
  EXPECT_EQ(kept, 90);
  EXPECT_EQ(apply(InvalidAction::kNullify, 90, &kept), InvalidAction::kWarn);
  EXPECT_TRUE(std::isnan(kept));
  EXPECT_EQ(apply(InvalidAction::kDrop, 90, &kept), InvalidAction::kDrop);
  EXPECT_EQ(apply(InvalidAction::kFail, 90, &kept), InvalidAction::kFail);
}

TEST(QualityRulesTest, TheEndsOfARangeAreAllowed) {
  QualityRules rules({Metric(InvalidAction::kDrop)});
  std::vector<Violation> violations;
  std::vector<double> values = {85};
  EXPECT_EQ(rules.Apply(0, 0, 0, false, values, &violations), InvalidAction::kWarn);
  EXPECT_TRUE(violations.empty());
}

TEST(QualityRulesTest, RateIsJudgedAgainstTheLastValidValue) {
  MetricConfig metric = Metric(InvalidAction::kNullify);
  metric.max_rate = 1.0;
  QualityRules rules({metric});
  const auto valid = [&](int64_t second, double value, bool late) {
    std::vector<Violation> violations;
    std::vector<double> values = {value};
    rules.Apply(0, 0, second * 1'000'000, late, values, &violations);
    return violations.empty();
  };
  EXPECT_TRUE(valid(0, 20, false));
  EXPECT_FALSE(valid(10, 31, false));
  EXPECT_TRUE(valid(11, 31, false));  // 11 in 11 s against the value at 0.
  EXPECT_TRUE(valid(5, 80, true));    // Late readings are not judged.
  EXPECT_TRUE(valid(11, 80, false));  // No time has passed: no rate.
}

TEST(QualityRulesTest, NotNullAndAllowed) {
  MetricConfig metric;
  metric.name = "state";
  metric.not_null = true;
  metric.allowed = {0, 1};
  metric.on_invalid = InvalidAction::kDrop;
  QualityRules rules({metric});
  std::vector<Violation> violations;
  std::vector<double> values = {std::nan("")};
  EXPECT_EQ(rules.Apply(0, 0, 0, false, values, &violations), InvalidAction::kDrop);
  EXPECT_EQ(violations.back().rule, QualityRule::kNotNull);
  values = {2};
  EXPECT_EQ(rules.Apply(0, 0, 0, false, values, &violations), InvalidAction::kDrop);
  EXPECT_EQ(violations.back().rule, QualityRule::kAllowed);
  values = {1};
  EXPECT_EQ(rules.Apply(0, 0, 0, false, values, &violations), InvalidAction::kWarn);
}

}  // namespace
}  // namespace avocet
