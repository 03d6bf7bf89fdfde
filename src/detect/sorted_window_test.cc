#include "src/detect/sorted_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace avocet {
namespace {

double NaiveMedian(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

TEST(SortedWindowTest, StatisticsEqualNaiveOnes) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise;
  for (size_t size = 1; size <= 40; ++size) {
    for (int round = 0; round < 50; ++round) {
      std::vector<double> values;
      for (size_t i = 0; i < size; ++i) {
        // Rounded half of the time: many equal values.
        values.push_back(round % 2 == 0 ? noise(random) : std::round(noise(random)));
      }
      std::sort(values.begin(), values.end());
      const double median = NaiveMedian(values);
      std::vector<double> deviations;
      double sum = 0;
      for (const double x : values) {
        deviations.push_back(std::abs(x - median));
        sum += deviations.back();
      }
      ASSERT_EQ(Median(values), median);
      ASSERT_EQ(MedianDeviation(values, median), NaiveMedian(deviations)) << size;
      ASSERT_DOUBLE_EQ(MeanDeviation(values, median), sum / static_cast<double>(size));
    }
  }
}

TEST(SortedWindowTest, StaysSortedUnderInsertAndReplace) {
  std::mt19937_64 random(2);
  std::vector<double> arrival;
  std::vector<double> sorted(20);
  for (int i = 0; i < 5000; ++i) {
    const auto x = static_cast<double>(random() % 30);
    if (arrival.size() < sorted.size()) {
      InsertSorted(sorted.data(), arrival.size(), x);
    } else {
      ReplaceSorted(sorted, arrival.front(), x);
      arrival.erase(arrival.begin());
    }
    arrival.push_back(x);
    std::vector<double> want = arrival;
    std::sort(want.begin(), want.end());
    ASSERT_TRUE(std::equal(want.begin(), want.end(), sorted.begin()));
  }
}

}  // namespace
}  // namespace avocet
