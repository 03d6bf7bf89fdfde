#include "src/detect/page_hinkley.h"

#include <gtest/gtest.h>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::ReadReference;
using testing::Series;

TEST(PageHinkleyTest, MatchesRiver) {
  std::vector<double> values;
  std::vector<uint32_t> drifts;
  for (const std::vector<double>& row : ReadReference("page_hinkley")) {
    if (row[1] == 1) drifts.push_back(static_cast<uint32_t>(values.size()));
    values.push_back(row[0]);
  }
  const auto anomalies = Detect(MakeDetector(PageHinkleyType(), {{"min_samples", 30},
                                                                 {"tolerance", 0.2},
                                                                 {"limit", 15},
                                                                 {"fade", 0.999},
                                                                 {"deviation", 1}})
                                    .get(),
                                Series(values));
  std::vector<uint32_t> rows;
  for (const Anomaly& anomaly : anomalies) rows.push_back(anomaly.row);
  EXPECT_EQ(rows, drifts);
  ASSERT_GE(rows.size(), 2U);
  EXPECT_EQ(anomalies[0].reason, "mean_rose");
  EXPECT_EQ(anomalies.back().reason, "mean_fell");
}

TEST(PageHinkleyTest, LearnsTheDeviation) {
  // The reference series, larger by a million and in other units: the same changes.
  std::vector<double> values, scaled;
  for (const std::vector<double>& row : ReadReference("page_hinkley")) {
    values.push_back(row[0]);
    scaled.push_back(1e6 + 250 * row[0]);
  }
  const std::map<std::string, double> overrides = {{"limit", 15}, {"min_samples", 30}};
  const auto plain = Detect(MakeDetector(PageHinkleyType(), overrides).get(), Series(values));
  const auto other = Detect(MakeDetector(PageHinkleyType(), overrides).get(), Series(scaled));
  ASSERT_EQ(plain.size(), other.size());
  EXPECT_GE(plain.size(), 2U);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(plain[i].row, other[i].row);
}

TEST(PageHinkleyTest, ConstantSeriesAndSpikesAreNoChange) {
  std::vector<double> values(5000, 3);
  EXPECT_TRUE(Detect(MakeDetector(PageHinkleyType()).get(), Series(values)).empty());
  values[2500] = 1e40;
  EXPECT_TRUE(Detect(MakeDetector(PageHinkleyType()).get(), Series(values)).empty());
}

TEST(PageHinkleyTest, ExplainsInOneSentence) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back((i < 200 ? 10 : 20) + i % 2);
  const auto detector = MakeDetector(PageHinkleyType());
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_GE(anomalies.size(), 1U);
  // 200 readings of 10.5 and eight of 20.5 on average have the mean 10.8846.
  EXPECT_EQ(anomalies[0].row, 207U);
  EXPECT_EQ(detector->Explain(anomalies[0], "flow"),
            "the mean of flow rose: it was 10.8846 since the last change and readings have moved "
            "away from it, now to 21");
}

}  // namespace
}  // namespace avocet
