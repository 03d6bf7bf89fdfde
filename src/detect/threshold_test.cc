#include "src/detect/threshold.h"

#include <gtest/gtest.h>

#include <limits>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::Series;

struct Want {
  double value;
  Severity severity;
  std::string_view reason;
  double score;
};

void ExpectFlags(const std::map<std::string, double>& limits, const std::vector<double>& values,
                 const std::vector<Want>& wants) {
  const auto detector = MakeDetector(ThresholdType(), limits);
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), wants.size());
  for (size_t i = 0; i < wants.size(); ++i) {
    EXPECT_EQ(anomalies[i].value, wants[i].value);
    EXPECT_EQ(anomalies[i].severity, wants[i].severity);
    EXPECT_EQ(anomalies[i].reason, wants[i].reason);
    EXPECT_DOUBLE_EQ(anomalies[i].score, wants[i].score);
    EXPECT_TRUE(std::isnan(anomalies[i].expected));
  }
}

TEST(ThresholdTest, FlagsEveryReadingOutside) {
  ExpectFlags({{"min", 0}, {"max", 10}}, {0, 10, 5, 11, 11, -5, kNullValue, 9},
              {{11, Severity::kCritical, "above_max", 1.1},
               {11, Severity::kCritical, "above_max", 1.1},
               {-5, Severity::kCritical, "below_min", 1.5}});
}

TEST(ThresholdTest, LimitsThatAreNotSetDoNotApply) {
  ExpectFlags({{"max", 10}}, {-1e300, 10, 20}, {{20, Severity::kCritical, "above_max", 2}});
  ExpectFlags({{"min", -4}}, {1e300, -4, -6}, {{-6, Severity::kCritical, "below_min", 1.5}});
  ExpectFlags({{"min", 0}}, {-2}, {{-2, Severity::kCritical, "below_min", 3}});
  ExpectFlags({}, {1e300, -1e300}, {});
}

TEST(ThresholdTest, WarningLimitsGiveWarnings) {
  ExpectFlags({{"min", 0}, {"max", 100}, {"warn_min", 10}, {"warn_max", 90}},
              {50, 90, 94, 101, 6, -50},
              {{94, Severity::kWarning, "above_warn_max", 1.05},
               {101, Severity::kCritical, "above_max", 1.01},
               {6, Severity::kWarning, "below_warn_min", 1.05},
               {-50, Severity::kCritical, "below_min", 1.5}});
}

TEST(ThresholdTest, ScoresOfHugeReadingsAreFinite) {
  const double kMax = std::numeric_limits<double>::max();
  const auto detector = MakeDetector(ThresholdType(), {{"min", -1e-300}, {"max", 1e-300}});
  for (const Anomaly& anomaly : Detect(detector.get(), Series(std::vector<double>{kMax, -kMax}))) {
    EXPECT_TRUE(std::isfinite(anomaly.score));
  }
}

TEST(ThresholdTest, ExplainsInOneSentence) {
  const auto explain = [](double value) {
    const auto detector = MakeDetector(
        ThresholdType(), {{"min", -40}, {"max", 80}, {"warn_max", 70.5}, {"warn_min", -10}});
    const auto anomalies = Detect(detector.get(), Series(std::vector<double>{value}));
    return detector->Explain(anomalies.at(0), "temperature (degC)");
  };
  EXPECT_EQ(explain(85.2), "temperature (degC) was 85.2, above the limit of 80");
  EXPECT_EQ(explain(-41), "temperature (degC) was -41, below the limit of -40");
  EXPECT_EQ(explain(75), "temperature (degC) was 75, above the warning limit of 70.5");
  EXPECT_EQ(explain(-12), "temperature (degC) was -12, below the warning limit of -10");
}

}  // namespace
}  // namespace avocet
