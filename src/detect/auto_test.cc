// What auto finds, says, and leaves alone.
#include "src/detect/auto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "src/detect/detector_testing.h"
#include "src/state/series_resets.h"

namespace avocet {
namespace {

using testing::AnomalyTexts;
using testing::Detect;
using testing::Feeder;
using testing::kSecond;
using testing::MakeDetector;
using testing::TestReading;

constexpr int kDay = 8640;  // readings at ten seconds

/// Four days of a sensor with a daily course and noise, a reading every ten seconds.
class Sensor {
 public:
  explicit Sensor(uint64_t seed = 1, int days = 4) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 0.1);
    for (int i = 0; i < days * kDay; ++i) {
      const double course = 3 * std::sin(2 * 3.14159265358979 * i / kDay);
      values_.push_back(std::round((20 + course + noise(random)) * 100) / 100);
    }
  }
  double& operator[](size_t i) { return values_[i]; }
  size_t size() const { return values_.size(); }

  std::vector<Anomaly> Find(const std::map<std::string, double>& overrides = {}) const {
    const auto detector = MakeDetector(AutoType(), overrides);
    return Detect(detector.get(), testing::Series(values_));
  }
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

constexpr size_t kFault = 3 * kDay + 2000;

std::string Types(const std::vector<Anomaly>& anomalies) {
  std::string types;
  for (const Anomaly& anomaly : anomalies) {
    types += (types.empty() ? "" : " ") + std::string(anomaly.reason);
  }
  return types;
}

TEST(AutoTest, AnOrdinarySensorIsLeftAlone) { EXPECT_EQ(Types(Sensor().Find()), ""); }

TEST(AutoTest, FindsAndNamesFaults) {
  const auto f = [](const std::function<void(Sensor*)>& inject, const std::string& want) {
    Sensor sensor;
    inject(&sensor);
    const std::vector<Anomaly> found = sensor.Find();
    EXPECT_EQ(Types(found), want);
    for (const Anomaly& anomaly : found) {
      EXPECT_GE(anomaly.event_time_us, static_cast<int64_t>(kFault) * 10 * kSecond);
      EXPECT_LE(anomaly.event_time_us, static_cast<int64_t>(kFault + 400) * 10 * kSecond);
      EXPECT_GT(anomaly.score, 1);
    }
  };
  f([](Sensor* s) { (*s)[kFault] += 4; }, "spike");
  f([](Sensor* s) { (*s)[kFault] -= 4; }, "dip");
  f(
      [](Sensor* s) {
        for (size_t i = kFault; i < kFault + 600; ++i) (*s)[i] = (*s)[kFault];
      },
      "stuck");
  f(
      [](Sensor* s) {
        for (size_t i = kFault; i < kFault + 300; i += 2) (*s)[i] += 0.5;
      },
      "noise");
  f(
      [](Sensor* s) {
        for (size_t i = 0; i < 100; ++i) {
          (*s)[kFault + i] += 0.5 * static_cast<double>(std::min<size_t>(i + 1, 6));
        }
      },
      "rate");
}

// How loud a series usually is was once learned from faults, too, and the next one was missed.
TEST(AutoTest, NoiseIsFoundAsSoonAfterAnotherFaultAsWithoutIt) {
  using Inject = std::function<void(Sensor*, size_t)>;
  const auto found = [](const Inject& before) {
    constexpr double kLoud = 0.18;
    Sensor sensor;
    before(&sensor, kFault - 3000);
    for (size_t i = kFault; i < kFault + 400; ++i) sensor[i] += i % 2 == 0 ? kLoud : -kLoud;
    return sensor.Find();
  };
  const auto alone = found([](Sensor*, size_t) {});
  ASSERT_EQ(Types(alone), "noise");
  const auto f = [&](const Inject& before, const std::string& type) {
    const auto both = found(before);
    ASSERT_EQ(Types(both), type + " noise");
    EXPECT_NEAR(static_cast<double>(both[1].event_time_us - alone[0].event_time_us) / kSecond, 0,
                300);
  };
  f(
      [](Sensor* s, size_t from) {
        for (size_t i = from; i < from + 720; ++i) (*s)[i] = (*s)[from];
      },
      "stuck");
  f(
      [](Sensor* s, size_t from) {
        for (size_t i = from; i < from + 400; ++i) (*s)[i] += i % 2 == 0 ? 0.4 : -0.4;
      },
      "noise");
  f(
      [](Sensor* s, size_t from) {
        for (size_t i = from; i < from + 200; i += 20) (*s)[i] += 6;
      },
      "spike");
}

// A machine that runs every day: said a few times, then known.
TEST(AutoTest, NoiseThatComesEveryDayBecomesOrdinary) {
  Sensor sensor(1, 24);
  std::mt19937_64 random(7);
  std::normal_distribution<double> loud(0, 0.3);
  for (size_t day = 3; day < 24; ++day) {
    for (size_t i = day * kDay + 3000; i < day * kDay + 5000; ++i) sensor[i] += loud(random);
  }
  int first = 0, last = 0;
  for (const Anomaly& anomaly : sensor.Find()) {
    if (anomaly.reason != "noise") continue;
    (anomaly.event_time_us < 14 * kMicrosPerDay ? first : last) += 1;
  }
  EXPECT_GE(first, 1);
  EXPECT_LE(first, 6);
  EXPECT_EQ(last, 0);
}

TEST(AutoTest, AnAnomalyIsRaisedOnceWhileItLasts) {
  Sensor sensor;
  for (size_t i = kFault; i < kFault + 1000; ++i) sensor[i] += 10;
  EXPECT_EQ(sensor.Find().size(), 1U);
}

TEST(AutoTest, ALevelThatLastsIsAdopted) {
  Sensor sensor(1, 8);
  for (size_t i = kFault; i < sensor.size(); ++i) sensor[i] += 2;
  const size_t spike = kFault + 4 * kDay;
  sensor[spike] += 5;
  const std::vector<Anomaly> found = sensor.Find();
  ASSERT_EQ(found.size(), 2U) << Types(found);
  EXPECT_EQ(found[1].event_time_us, static_cast<int64_t>(spike) * 10 * kSecond);
  EXPECT_NEAR(found[1].expected, sensor[spike] - 5, 1);
}

// What was learned of the first day is wrong at one hour, which costs one anomaly, not one a day.
TEST(AutoTest, AFaultOfTheFirstDayIsNotMissedEveryDay) {
  Sensor sensor(1, 7);
  for (size_t i = 4000; i < 5000; ++i) sensor[i] += 2;
  EXPECT_EQ(Types(sensor.Find()), "spike dip level");  // its edges, and the next day
}

TEST(AutoTest, PresetsMoveTheThreshold) {
  Sensor sensor;
  sensor[kFault] += 1.05;
  const size_t quiet = sensor.Find({{"preset", 0}}).size();
  const size_t sensitive = sensor.Find({{"preset", 2}}).size();
  EXPECT_LE(quiet, sensitive);
  EXPECT_EQ(quiet, 0U);
  EXPECT_EQ(sensitive, 1U);
}

TEST(AutoTest, SaysWhatItSawAndHowMuchEachSignalWeighs) {
  Sensor sensor;
  sensor[kFault] += 4;
  const auto detector = MakeDetector(AutoType());
  const std::vector<Anomaly> found = Detect(detector.get(), testing::Series(sensor.values()));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].signals[0].signal, "spike");
  EXPECT_GT(found[0].signals[0].share, 0.5F);
  EXPECT_EQ(found[0].metrics[0].metric, 0);
  EXPECT_FLOAT_EQ(found[0].metrics[0].share, 1);
  EXPECT_LT(found[0].lower, found[0].expected);
  EXPECT_LT(found[0].expected, found[0].upper);
  EXPECT_LT(found[0].upper, found[0].value);
  const std::string sentence = detector->Explain(found[0], "temperature (degC)");
  EXPECT_NE(sentence.find("temperature (degC) jumped to"), std::string::npos) << sentence;
}

TEST(AutoTest, TheTopContributorIsTheFaultyMetric) {
  int right = 0;
  constexpr int kTrials = 20;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<Sensor> sensors;
    for (uint64_t metric = 0; metric < 3; ++metric) {
      sensors.emplace_back(static_cast<uint64_t>(trial) * 3 + metric, 2);
    }
    const size_t faulty = static_cast<size_t>(trial) % 3;
    const size_t at = kDay + 3000;
    for (size_t i = at; i < at + 300; ++i) {
      double& value = sensors[faulty][i];
      value = trial % 2 == 0 ? sensors[faulty][at] : value + 1.5;
    }
    std::vector<TestReading> readings;
    for (size_t i = 0; i < at + 300; ++i) {
      TestReading reading{0, static_cast<int64_t>(i) * 10 * kSecond, {}};
      for (Sensor& sensor : sensors) reading.values.push_back(sensor[i]);
      readings.push_back(reading);
    }
    const auto detector = MakeDetector(AutoType(), {}, {}, {"a", "b", "c"});
    const std::vector<Anomaly> found = Detect(detector.get(), readings);
    ASSERT_FALSE(found.empty()) << trial;
    right += found[0].metrics[0].metric == faulty ? 1 : 0;
  }
  EXPECT_GE(right, kTrials * 9 / 10);
}

// No look-ahead: what is said of the first readings does not depend on those that follow.
TEST(AutoTest, APrefixGivesTheSameAnomalies) {
  Sensor sensor;
  sensor[kFault] += 4;
  const std::vector<Anomaly> all = sensor.Find();
  for (const size_t size : {size_t{5000}, kFault, kFault + 1, sensor.size() - 1}) {
    const std::vector<double> prefix(sensor.values().begin(),
                                     sensor.values().begin() + static_cast<std::ptrdiff_t>(size));
    std::vector<Anomaly> want;
    for (const Anomaly& anomaly : all) {
      if (anomaly.row < size) want.push_back(anomaly);
    }
    const auto detector = MakeDetector(AutoType());
    EXPECT_EQ(AnomalyTexts(Detect(detector.get(), testing::Series(prefix))), AnomalyTexts(want));
  }
}

// The third spike in a short time is muted, until somebody asks to hear of them again.
TEST(AutoTest, WhatComesTooOftenIsMutedUntilItIsReset) {
  constexpr size_t kFirst = 2000;
  constexpr size_t kApart = 200;  // more than a calm
  Sensor sensor(1, 1);
  for (size_t i = 0; i < 4; ++i) {
    sensor[kFirst + i * kApart] += 10 * std::pow(5, static_cast<double>(i));
  }
  const std::vector<TestReading> readings = testing::Series(sensor.values());
  const std::span<const TestReading> all(readings);
  const auto detector = MakeDetector(AutoType());
  Feeder feeder;
  std::vector<Anomaly> found;
  size_t fed = 0;
  const auto feed_until = [&](size_t end) {
    feeder.Feed(all.subspan(fed, end - fed), detector.get(), &found);
    fed = end;
  };
  const auto holds_back = [&](std::string_view type) {
    std::vector<HeldBack> series;
    detector->ListHeldBack(0, &series);
    return std::find(series.begin(), series.end(), HeldBack{0, type}) != series.end();
  };

  feed_until(100);
  EXPECT_TRUE(holds_back(""));  // it still learns
  feed_until(kFirst + 1);
  EXPECT_FALSE(holds_back(""));
  EXPECT_FALSE(holds_back("spike"));
  feed_until(kFirst + 2 * kApart + 2);
  EXPECT_EQ(Types(found), "spike spike");
  EXPECT_TRUE(holds_back("spike"));

  DeviceTable devices;
  devices.FindOrAdd("d", DeviceHash("d"));
  SeriesReset reset{.device = "d", .actor = "ann", .from_us = readings[fed].time_us};
  SeriesResets resets;
  resets.Set(std::span(&reset, 1));
  resets.SetDevices(devices);
  detector->set_resets(&resets);
  EXPECT_TRUE(holds_back("spike"));
  feed_until(fed + 1);
  EXPECT_FALSE(holds_back("spike"));
  feed_until(kFirst + 3 * kApart + 2);
  EXPECT_EQ(Types(found), "spike spike spike");
}

TEST(AutoTest, SensorsOfAllPacesBehaveAlike) {
  for (const int64_t period_s : {1, 10, 300}) {
    SCOPED_TRACE(period_s);
    Sensor sensor(3);
    std::vector<double> values;
    // The same four days, with readings repeated or left out.
    std::mt19937_64 random(5);
    std::normal_distribution<double> noise(0, 0.1);
    const int64_t count = int64_t{4} * 86400 / period_s;
    const int64_t fault = count * 3 / 4 + 5;
    for (int64_t i = 0; i < count; ++i) {
      const double course =
          3 * std::sin(2 * 3.14159265358979 * static_cast<double>(i * period_s) / 86400);
      values.push_back(std::round((20 + course + noise(random)) * 100) / 100);
    }
    values[static_cast<size_t>(fault)] += 6;
    const auto detector = MakeDetector(AutoType());
    const std::vector<Anomaly> found = Detect(detector.get(), testing::Series(values, period_s));
    // A record may be broken once in the first days.
    ASSERT_TRUE(found.size() == 1 || (found.size() == 2 && found[0].reason == "novelty"))
        << Types(found);
    EXPECT_EQ(found.back().event_time_us, fault * period_s * kSecond);
  }
}

/// Devices that share a course; ten seconds apart, interleaved.
std::vector<TestReading> Fleet(size_t devices, size_t size,
                               const std::function<double(size_t device, size_t i)>& fault) {
  std::vector<TestReading> readings;
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0, 0.1);
  double weather = 0;
  for (size_t i = 0; i < size; ++i) {
    weather += 0.01 * noise(random);
    for (size_t device = 0; device < devices; ++device) {
      const double course = 3 * std::sin(2 * 3.14159265358979 * static_cast<double>(i) / kDay);
      readings.push_back({static_cast<uint32_t>(device),
                          static_cast<int64_t>(i) * 10 * kSecond + static_cast<int64_t>(device),
                          {20 + course + weather + noise(random) + fault(device, i)}});
    }
  }
  return readings;
}

TEST(AutoTest, ADeviceThatLeavesItsFleetIsFoundAlthoughItStaysInItsOwnRange) {
  const size_t size = 4 * kDay;
  const auto detector = MakeDetector(AutoType());
  const std::vector<Anomaly> found = Detect(
      detector.get(), Fleet(8, size, [](size_t device, size_t i) {
        return device == 3 && i > kFault ? std::min(0.8, static_cast<double>(i - kFault) * 0.0005)
                                         : 0.0;
      }));
  ASSERT_EQ(found.size(), 1U) << Types(found);
  EXPECT_EQ(found[0].slot, 3U);
  EXPECT_TRUE(found[0].reason == "peer" || found[0].reason == "drift") << found[0].reason;
  EXPECT_LT(found[0].event_time_us, static_cast<int64_t>(kFault + 720) * 10 * kSecond);
}

// What one device is taken to differ by is a guess for days; that of all of them is not.
TEST(AutoTest, DevicesTellEachOtherHowFarTheyUsuallyAreApart) {
  const auto detector = MakeDetector(AutoType());
  const std::vector<TestReading> readings = Fleet(8, 3 * kDay, [](size_t, size_t) { return 0.0; });
  Detect(detector.get(), readings);
  FleetSamples samples;
  detector->CollectFleet(FleetBucketOf(readings.back().time_us), &samples);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].size(), 8U);
  ASSERT_EQ(samples[1].size(), 8U);
  // A reading's 0.1, over 30 of a bucket and some five buckets.
  for (const float deviation : samples[1]) EXPECT_NEAR(deviation, 0.1 / std::sqrt(30 * 5), 0.005);
}

TEST(AutoTest, ASlowDriftIsFoundWithinTheHour) {
  const auto detector = MakeDetector(AutoType());
  const std::vector<Anomaly> found =
      Detect(detector.get(), Fleet(8, kFault + 1000, [](size_t device, size_t i) {
               // As much as the noise of a reading in an hour.
               return device == 3 && i > kFault ? 0.1 * static_cast<double>(i - kFault) / 360 : 0.0;
             }));
  ASSERT_EQ(found.size(), 1U) << Types(found);
  EXPECT_EQ(found[0].slot, 3U);
  EXPECT_LT(found[0].event_time_us, static_cast<int64_t>(kFault + 360) * 10 * kSecond);
}

TEST(AutoTest, ALargeFaultDoesNotHideTheNextOne) {
  const size_t next = kFault + 2160;
  const auto detector = MakeDetector(AutoType());
  const std::vector<Anomaly> found =
      Detect(detector.get(), Fleet(8, next + 360, [&](size_t device, size_t i) {
               if (device != 3 || i < kFault) return 0.0;
               return i < kFault + 720 ? 10.0 : i < next ? 0.0 : 0.5;
             }));
  ASSERT_EQ(found.size(), 2U) << Types(found);
  EXPECT_GE(found[1].event_time_us, static_cast<int64_t>(next) * 10 * kSecond);
}

TEST(AutoTest, WhatHappensToTheWholeFleetIsNotADevicesFault) {
  const size_t size = 4 * kDay;
  const auto detector = MakeDetector(AutoType());
  const std::vector<Anomaly> found =
      Detect(detector.get(), Fleet(8, size, [](size_t, size_t i) {
               return i > kFault ? std::min(4.0, static_cast<double>(i - kFault) * 0.001) : 0.0;
             }));
  EXPECT_LE(found.size(), 1U) << Types(found);
}

// A light that went off comes on again.
TEST(AutoTest, AJumpBackIsNoSpike) {
  const auto detector = MakeDetector(AutoType());
  const auto light = [](size_t, size_t i) {
    return i < 3000 ? 0.0 : i < 2 * kDay + 180 ? -0.8 : 0.5;
  };
  EXPECT_EQ(Types(Detect(detector.get(), Fleet(8, 3 * kDay, light))), "");
}

// What all devices do for some hours of a day is no habit of theirs: one that was faulty then, and
// did not learn, is as the others are the day after.
TEST(AutoTest, WhatTheFleetDoesWhileOneIsFaultyIsNotMissedTheDayAfter) {
  constexpr size_t kSwing = 2 * kDay + 2000, kHours = 1440;
  const auto detector = MakeDetector(AutoType());
  const std::vector<Anomaly> found =
      Detect(detector.get(), Fleet(8, 4 * kDay, [](size_t device, size_t i) {
               const double part = (static_cast<double>(i) - kSwing) / kHours;
               const double swing = part > 0 && part < 1 ? 1 - std::cos(6.28318531 * part) : 0;
               const bool faulty = device == 5 && i > kSwing - 500 && i < kSwing + 2000;
               return 1.2 * swing + (faulty ? 1 : 0);
             }));
  ASSERT_EQ(found.size(), 1U) << Types(found);
  EXPECT_EQ(found[0].slot, 5U);
}

TEST(AutoTest, FleetsComeOutTheSameHoweverBatchesAreCut) {
  const std::vector<TestReading> readings = Fleet(6, 2 * kDay, [](size_t device, size_t i) {
    return device == 2 && i > kDay + 4000 ? 1.5 : 0.0;
  });
  const auto whole = MakeDetector(AutoType());
  const std::vector<Anomaly> want = Detect(whole.get(), readings);
  EXPECT_FALSE(want.empty());
  const auto cut = MakeDetector(AutoType());
  Feeder feeder;
  std::vector<Anomaly> got;
  for (size_t begin = 0; begin < readings.size(); begin += 997) {
    const size_t size = std::min<size_t>(997, readings.size() - begin);
    feeder.Feed({readings.data() + begin, size}, cut.get(), &got);
  }
  EXPECT_EQ(AnomalyTexts(got), AnomalyTexts(want));
}

TEST(AutoTest, FindsMetricsAndDevicesThatFallSilent) {
  Sensor a(1, 2), b(2, 2);
  std::vector<TestReading> readings;
  for (size_t i = 0; i < a.size(); ++i) {
    const bool silent = i >= 10'000 && i < 10'100;
    readings.push_back(
        {0, static_cast<int64_t>(i) * 10 * kSecond, {a[i], silent ? kNullValue : b[i]}});
    if (i < 12'000) readings.push_back({1, static_cast<int64_t>(i) * 10 * kSecond, {b[i], a[i]}});
  }
  const auto detector = MakeDetector(AutoType(), {}, {}, {"a", "b"});
  const std::vector<Anomaly> found = Detect(detector.get(), readings);
  ASSERT_EQ(Types(found), "missing missing");
  EXPECT_EQ(found[0].metric, 1);
  EXPECT_EQ(found[0].slot, 0U);
  EXPECT_EQ(found[1].metric, kWholeDevice);
  EXPECT_EQ(found[1].slot, 1U);
}

// A sensor that shows whole numbers and stands still for half an hour at a time.
TEST(AutoTest, AStepOfASteadySeriesIsNoAnomaly) {
  std::mt19937_64 random(5);
  std::vector<double> values;
  double level = 75;
  for (int i = 0; i < 4 * kDay; ++i) {
    if (i % 180 == 0) level = 74 + static_cast<double>(random() % 4);
    values.push_back(level);
  }
  const auto find = [&] {
    const auto detector = MakeDetector(AutoType());
    return Types(Detect(detector.get(), testing::Series(values)));
  };
  EXPECT_EQ(find(), "");
  values[kFault] = 115;
  EXPECT_EQ(find(), "spike");
}

TEST(AutoTest, WholeNumbersThatHardlyEverChangeAreLeftAlone) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0, 1);
  for (int series = 0; series < 5; ++series) {
    std::vector<double> values;
    double level = 0;
    for (int i = 0; i < 6 * kDay; ++i) {
      // Wanders by a step or two every half an hour, and comes back within some hours.
      if (i % 180 == 0) level += -level / 4 + 0.35 * noise(random);
      values.push_back(75 + std::round(level));
    }
    const auto detector = MakeDetector(AutoType());
    EXPECT_EQ(Types(Detect(detector.get(), testing::Series(values))), "") << series;
  }
}

TEST(AutoTest, ColdStartsAreSilent) {
  std::mt19937_64 random(3);
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(static_cast<double>(random() % 1000));
  values[50] = 1e9;
  values[150] = 5000;
  const auto detector = MakeDetector(AutoType());
  EXPECT_EQ(Types(Detect(detector.get(), testing::Series(values))), "");
}

TEST(AutoTest, AHugeSpikeOfAYoungSeriesIsFound) {
  for (const size_t at : {size_t{70}, size_t{150}, size_t{205}, size_t{400}, size_t{900}}) {
    SCOPED_TRACE(at);
    int found = 0;
    constexpr int kSeries = 20;
    for (int series = 0; series < kSeries; ++series) {
      std::mt19937_64 random(static_cast<uint64_t>(series));
      std::normal_distribution<double> noise(20, 1);
      std::vector<double> values;
      for (size_t i = 0; i < at + 100; ++i) values.push_back(std::round(noise(random) * 100) / 100);
      values[at] += series % 2 == 0 ? 100 : -100;
      const auto detector = MakeDetector(AutoType());
      const std::string types = Types(Detect(detector.get(), testing::Series(values)));
      found += types == (series % 2 == 0 ? "spike" : "dip") ? 1 : 0;
    }
    EXPECT_EQ(found, kSeries);
  }
}

TEST(AutoTest, StateOfASeriesIsSmall) {
  const auto bytes_of = [](double tier) {
    constexpr uint32_t kDevices = 64;
    const auto detector = MakeDetector(AutoType(), {{"tier", tier}});
    std::vector<TestReading> readings;
    for (uint32_t device = 0; device < kDevices; ++device) readings.push_back({device, 0, {1}});
    Detect(detector.get(), readings);
    return detector->StateBytes() / kDevices;
  };
  EXPECT_LE(bytes_of(0), 2457U);  // 2.4 KiB
  EXPECT_LE(bytes_of(1), 716U);   // 0.7 KiB
}

TEST(AutoTest, StateOfAnOlderLayoutIsRefused) {
  const auto f = [](double tier, const std::string& tag, const std::string& older) {
    const auto detector = MakeDetector(AutoType(), {{"tier", tier}});
    Detect(detector.get(), testing::Series(std::vector<double>(10, 1)));
    StateWriter writer;
    detector->Save(&writer);
    std::string bytes = writer.Take();
    const size_t at = bytes.find(tag);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, tag.size(), older);
    StateReader reader(bytes);
    const auto restarted = MakeDetector(AutoType(), {{"tier", tier}});
    EXPECT_EQ(restarted->Load(&reader).code(), StatusCode::kCorrupt);
  };
  f(0, "auto/12", "auto/11");
  f(1, "auto_lean/12", "auto_lean/11");
}

TEST(AutoTest, OddSeriesNeverGiveAFloodOrANumberThatIsNone) {
  const auto f = [](const std::string& name, int64_t step_us, size_t size,
                    const std::function<double(size_t)>& value, size_t most) {
    SCOPED_TRACE(name);
    std::vector<TestReading> readings;
    for (size_t i = 0; i < size; ++i) {
      readings.push_back({0, static_cast<int64_t>(i) * step_us, {value(i)}});
    }
    const auto detector = MakeDetector(AutoType());
    const std::vector<Anomaly> found = Detect(detector.get(), readings);
    EXPECT_LE(found.size(), most) << Types(found);
    for (const Anomaly& anomaly : found) EXPECT_TRUE(std::isfinite(anomaly.score));
    EXPECT_LT(detector->StateBytes(), 4096U);
  };
  std::mt19937_64 random(11);
  std::normal_distribution<double> noise;
  f(
      "constant", 10 * kSecond, 100'000, [](size_t) { return 42.0; }, 0);
  f(
      "zeros, then one", 10 * kSecond, 50'000, [](size_t i) { return i == 40'000 ? 1.0 : 0.0; }, 1);
  f(
      "jumps of 1e300", 10 * kSecond, 50'000,
      [&](size_t i) {
        return i % 1000 == 999 ? (i % 2000 == 999 ? 1e300 : -1e300) : noise(random);
      },
      30);
  f(
      "once a day", 86400 * kSecond, 3000, [&](size_t) { return noise(random); }, 10);
  f(
      "1 kHz", kSecond / 1000, 300'000, [&](size_t) { return noise(random); }, 4);
  f(
      "a counter that wraps", 10 * kSecond, 50'000,
      [](size_t i) { return static_cast<double>(i * 37 % 65'536); }, 12);
  f(
      "only two values", 60 * kSecond, 50'000,
      [&](size_t) { return random() % 50 == 0 ? 1.0 : 0.0; }, 10);
  f(
      "equal times", 0, 10'000, [&](size_t) { return noise(random); }, 2);
  f(
      "tiny", 10 * kSecond, 20'000, [&](size_t) { return noise(random) * 1e-300; }, 4);
  f(
      "huge", 10 * kSecond, 20'000, [&](size_t) { return noise(random) * 1e49; }, 4);
  f(
      "a walk", 10 * kSecond, 50'000, [&, x = 0.0](size_t) mutable { return x += noise(random); },
      20);
}

}  // namespace
}  // namespace avocet
