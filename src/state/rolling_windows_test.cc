#include "src/state/rolling_windows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <random>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;

// The definition, computed afresh for every reading in extended precision.
class Reference {
 public:
  explicit Reference(int64_t window_us) : window_us_(window_us) {}
  std::vector<double> Push(int64_t time, const std::vector<double>& values) {
    rows_.push_back({time, values});
    std::erase_if(rows_, [&](const Row& row) { return row.time <= time - window_us_; });
    std::vector<double> means;
    for (size_t m = 0; m < values.size(); ++m) {
      long double sum = 0;
      int count = 0;
      for (const Row& row : rows_) {
        if (m >= row.values.size() || std::isnan(row.values[m])) continue;
        sum += row.values[m];
        ++count;
      }
      means.push_back(count == 0 ? std::nan("") : static_cast<double>(sum / count));
    }
    return means;
  }

 private:
  struct Row {
    int64_t time;
    std::vector<double> values;
  };
  int64_t window_us_;
  std::vector<Row> rows_;
};

void ExpectSame(const std::vector<double>& got, const std::vector<double>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) {
      EXPECT_TRUE(std::isnan(got[i]));
    } else {
      EXPECT_NEAR(got[i], want[i], 1e-12 * std::max(1.0, std::abs(want[i])));
    }
  }
}

TEST(RollingWindowsTest, OldestReadingLeavesExactlyAtTheWindowsEnd) {
  RollingWindows windows(300 * kSecond);
  std::vector<double> mean(1);
  windows.Push(0, 0, std::vector<double>{10.0}, mean);
  EXPECT_EQ(mean[0], 10.0);
  windows.Push(0, 300 * kSecond - 1, std::vector<double>{20.0}, mean);
  EXPECT_EQ(mean[0], 15.0);
  windows.Push(0, 300 * kSecond, std::vector<double>{40.0}, mean);
  EXPECT_EQ(mean[0], 30.0);
}

TEST(RollingWindowsTest, NullsDoNotCountAndAnEmptyWindowHasNoMean) {
  RollingWindows windows(10 * kSecond);
  std::vector<double> means(2);
  windows.Push(0, 0, std::vector<double>{std::nan(""), 1.0}, means);
  EXPECT_TRUE(std::isnan(means[0]));
  EXPECT_EQ(means[1], 1.0);
  windows.Push(0, kSecond, std::vector<double>{4.0, std::nan("")}, means);
  EXPECT_EQ(means[0], 4.0);
  EXPECT_EQ(means[1], 1.0);
}

TEST(RollingWindowsTest, MatchesTheDefinitionOnIrregularStreams) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 30; ++round) {
    const int64_t window = static_cast<int64_t>(1 + random() % 60) * kSecond;
    RollingWindows windows(window);
    std::vector<Reference> references(3, Reference(window));
    std::vector<int64_t> times(3, 0);
    for (int i = 0; i < 2000; ++i) {
      const auto slot = static_cast<uint32_t>(random() % 3);
      times[slot] += static_cast<int64_t>(random() % (8 * kSecond));
      if (random() % 200 == 0) times[slot] += 3 * window;
      std::vector<double> values;
      for (int m = 0; m < 9; ++m) {
        values.push_back(random() % 5 == 0 ? std::nan("")
                                           : static_cast<double>(random() % 100000) / 7.0);
      }
      std::vector<double> means(values.size());
      windows.Push(slot, times[slot], values, means);
      ExpectSame(means, references[slot].Push(times[slot], values));
    }
  }
}

// Series of short decimals, of other numbers, and ones that change from the first to the second,
// with the precision of each value chosen anew.
TEST(RollingWindowsTest, MatchesTheDefinitionOnDecimalsOfChangingPrecision) {
  std::mt19937_64 random(23);
  for (int round = 0; round < 60; ++round) {
    const int64_t window = round % 3 == 0 ? 3600 * kSecond : 40 * kSecond;
    RollingWindows windows(window);
    Reference reference(window);
    int64_t time = 1'600'000'000 * kSecond;
    const int turns_wide_at = static_cast<int>(random() % 600);
    for (int i = 0; i < 600; ++i) {
      time += static_cast<int64_t>(random() % static_cast<uint64_t>(window / 15));
      std::vector<double> values;
      const int metrics = i < 100 ? 8 : 10;
      for (int m = 0; m < metrics; ++m) {
        const double power = std::pow(10.0, static_cast<double>(random() % (m == 0 ? 10 : 3)));
        const double number = static_cast<double>(static_cast<int64_t>(random() % 200000) - 100000);
        double value = number / power;
        if (m == 3 && i >= turns_wide_at) value /= 7;
        if (m == 7) value *= 1e12;
        values.push_back(random() % 9 == 0 ? std::nan("") : value);
      }
      std::vector<double> means(values.size());
      windows.Push(0, time, values, means);
      ExpectSame(means, reference.Push(time, values));
    }
  }
}

TEST(RollingWindowsTest, AMeanOfDecimalsIsRoundedOnce) {
  RollingWindows windows(300 * kSecond);
  std::vector<double> mean(1);
  for (int i = 0; i < 10; ++i) windows.Push(0, i, std::vector<double>{0.1}, mean);
  EXPECT_EQ(mean[0], 0.1);
  windows.Push(0, 10, std::vector<double>{37.94}, mean);
  EXPECT_EQ(mean[0], 3.54);
}

TEST(RollingWindowsTest, ALongSilenceEmptiesAWindowOfShortTimes) {
  RollingWindows windows(300 * kSecond);
  std::vector<double> mean(1);
  windows.Push(0, 0, std::vector<double>{1.0}, mean);
  // 2^32 us later the low half of the time is the same.
  windows.Push(0, int64_t{1} << 32, std::vector<double>{5.0}, mean);
  EXPECT_EQ(mean[0], 5.0);
}

TEST(RollingWindowsTest, ThirtyShortDecimalsCostAtMost165BytesASeries) {
  constexpr uint32_t kDevices = 100;
  RollingWindows windows(300 * kSecond);
  std::vector<double> means(5);
  for (int i = 0; i < 100; ++i) {
    const std::vector<double> values = {20 + i * 0.01, 45.5, 75, 640 + i * 0.5, 120.25};
    for (uint32_t slot = 0; slot < kDevices; ++slot) {
      windows.Push(slot, int64_t{i} * 10 * kSecond, values, means);
    }
  }
  EXPECT_LE(windows.StateBytes(), kDevices * 5 * 165);
}

TEST(RollingWindowsTest, AYearOfReadingsAroundALargeOffsetStaysExact) {
  constexpr int kReadings = 3'153'600;  // a year at 10 s
  constexpr size_t kPerWindow = 30;
  RollingWindows windows(300 * kSecond);
  std::mt19937_64 random(11);
  std::deque<double> last;
  std::vector<double> mean(1);
  for (int i = 0; i < kReadings; ++i) {
    const double value = 1e9 + static_cast<double>(random() % 1000) * 1e-3;
    windows.Push(0, int64_t{i} * 10 * kSecond, std::vector<double>{value}, mean);
    last.push_back(value);
    if (last.size() > kPerWindow) last.pop_front();
    if (i % 10007 != 0) continue;
    long double sum = 0;
    for (const double x : last) sum += x;
    ASSERT_NEAR(mean[0], static_cast<double>(sum / last.size()), 5e-7) << i;
  }
}

TEST(RollingWindowsTest, MetricsMayAppearLater) {
  RollingWindows windows(100 * kSecond);
  std::vector<double> one(1), two(2);
  windows.Push(0, 0, std::vector<double>{1.0}, one);
  windows.Push(0, kSecond, std::vector<double>{3.0, 7.0}, two);
  EXPECT_EQ(two[0], 2.0);
  EXPECT_EQ(two[1], 7.0);
  windows.Push(0, 100 * kSecond, std::vector<double>{5.0, 8.0}, two);
  EXPECT_EQ(two[0], 4.0);
  EXPECT_EQ(two[1], 7.5);
}

TEST(RollingWindowsTest, AStateThatWasSavedContinuesBitForBit) {
  std::mt19937_64 random(3);
  RollingWindows straight(30 * kSecond);
  RollingWindows saved(30 * kSecond);
  std::vector<double> a(2), b(2);
  int64_t time = 0;
  for (int i = 0; i < 1000; ++i) {
    time += static_cast<int64_t>(random() % (4 * kSecond));
    const std::vector<double> values = {static_cast<double>(random()) / 3.0,
                                        static_cast<double>(random()) / 7.0};
    const auto slot = static_cast<uint32_t>(random() % 5);
    straight.Push(slot, time, values, a);
    saved.Push(slot, time, values, b);
    ASSERT_EQ(a, b);
    if (i % 37 != 0) continue;
    StateWriter writer;
    saved.Save(&writer);
    const std::string bytes = writer.Take();
    StateReader reader(bytes);
    RollingWindows loaded(30 * kSecond);
    ASSERT_TRUE(loaded.Load(&reader).ok());
    ASSERT_TRUE(reader.AtEnd());
    saved = std::move(loaded);
  }
}

TEST(RollingWindowsTest, DamagedStateIsRefused) {
  RollingWindows windows(30 * kSecond);
  std::vector<double> mean(1);
  windows.Push(0, 0, std::vector<double>{1.0}, mean);
  StateWriter writer;
  windows.Save(&writer);
  const std::string bytes = writer.Take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    StateReader reader(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(windows.Load(&reader).ok()) << size;
  }
}

}  // namespace
}  // namespace avocet
