#include "src/detect/matrix_profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::ReadReference;
using testing::Series;

// The rule is redone from stumpy's distances, and each score must come out.
TEST(MatrixProfileTest, DistancesAreThoseOfStumpy) {
  constexpr double kLength = 24, kSigma = 3;
  std::vector<double> values, distances;
  for (const std::vector<double>& row : ReadReference("matrix_profile")) {
    values.push_back(row[0]);
    distances.push_back(row[1]);
  }
  ASSERT_EQ(values.size(), 480U);
  const auto detector = MakeDetector(MatrixProfileType(),
                                     {{"length", kLength}, {"sigma", kSigma}, {"min_samples", 20}});
  JudgementSink judgements;
  detector->ObserveWith(&judgements);
  Detect(detector.get(), Series(values));
  ASSERT_EQ(judgements.size(), values.size());
  double mean = 0, variance = 0, count = 0;
  size_t judged = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double want = 0, learned = distances[i] - mean;
    if (!std::isnan(distances[i]) && static_cast<double>(i) + 1 >= 4 * kLength) {
      const double tolerated = kSigma * std::max(std::sqrt(variance), 0.02 * std::sqrt(kLength));
      if (count >= 20) {
        want = std::max(0.0, learned / tolerated);
        learned = std::min(learned, tolerated);
        ++judged;
      }
      count += 1;
      mean += learned / count;
      variance += ((1 - 1 / count) * learned * learned - variance) / count;
    }
    EXPECT_NEAR(judgements[i].score, want, 1e-4) << i;
  }
  EXPECT_GT(judged, 350U);
}

std::vector<double> Wave(size_t size) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0, 0.05);
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) {
    values.push_back(std::sin(static_cast<double>(i) * 0.2) + noise(random));
  }
  return values;
}

// The values stay within what is usual: only their order is not.
TEST(MatrixProfileTest, FindsACourseThatNeverWas) {
  std::vector<double> values = Wave(1500);
  for (size_t i = 1000; i < 1030; ++i) values[i] = std::sin(static_cast<double>(i) * 0.6);
  const auto detector = MakeDetector(MatrixProfileType());
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);  // none while the same stretch is in the window
  EXPECT_GE(anomalies[0].row, 1000U);
  EXPECT_LT(anomalies[0].row, 1030U);
  EXPECT_EQ(anomalies[0].reason, "discord");
  const std::string sentence = detector->Explain(anomalies[0], "current (A)");
  EXPECT_EQ(sentence.find("the course of the last 32 readings of current (A) is unlike any in the "
                          "512 before"),
            0U)
      << sentence;
}

TEST(MatrixProfileTest, OrdinaryAndConstantSeriesAreQuiet) {
  EXPECT_TRUE(Detect(MakeDetector(MatrixProfileType()).get(), Series(Wave(5000))).empty());
  const std::vector<double> constant(3000, 0.3);
  EXPECT_TRUE(Detect(MakeDetector(MatrixProfileType()).get(), Series(constant)).empty());
}

// A level far from zero, and steps of it, have the same shapes.
TEST(MatrixProfileTest, TheLevelDoesNotMatter) {
  std::vector<double> values = Wave(1500);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1e9 + 3 * values[i];
  EXPECT_TRUE(Detect(MakeDetector(MatrixProfileType()).get(), Series(values)).empty());
}

}  // namespace
}  // namespace avocet
