// What every detector owes, whatever it detects.
#include "src/detect/detector.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "src/detect/detector_params.h"
#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::AllDetectorCases;
using testing::AnomalyText;
using testing::AnomalyTexts;
using testing::DetectorCase;
using testing::Feeder;
using testing::kSecond;
using testing::TestReading;

const std::vector<std::string> kMetrics = {"a", "b", "c"};

// Several devices with noise, spikes, runs, huge values, nulls, gaps, disorder, repeated times and
// a device that lags behind the others.
std::vector<TestReading> RandomReadings(size_t size, uint64_t seed) {
  constexpr uint32_t kSlots = 5;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise;
  const auto one_in = [&](uint64_t n) { return random() % n == 0; };
  std::vector<int64_t> now(kSlots, 1'000'000 * kSecond);
  now[4] -= 3600 * kSecond;
  std::vector<double> last(kMetrics.size() * kSlots, 0);
  std::vector<TestReading> readings;
  for (size_t i = 0; i < size; ++i) {
    // Slots appear one after the other.
    const auto slot = static_cast<uint32_t>(random() % std::min<size_t>(kSlots, 1 + i / 20));
    now[slot] += one_in(10) ? 0 : 10 * kSecond + static_cast<int64_t>(random() % kSecond);
    if (one_in(40)) now[slot] += static_cast<int64_t>(random() % 300) * kSecond;
    TestReading reading{slot, now[slot], {}};
    if (one_in(15)) reading.time_us -= static_cast<int64_t>(random() % 60) * kSecond;
    for (size_t metric = 0; metric < kMetrics.size(); ++metric) {
      double& value = last[slot * kMetrics.size() + metric];
      if (!one_in(3)) value = noise(random) * (one_in(20) ? 10 : 1);
      if (one_in(200)) value = one_in(2) ? 1e300 : -1e300;
      reading.values.push_back(one_in(10) ? kNullValue : value);
    }
    readings.push_back(reading);
  }
  return readings;
}

std::string SaveText(const Detector& detector) {
  StateWriter writer;
  detector.Save(&writer);
  return writer.Take();
}

Status LoadText(std::string_view bytes, Detector* detector) {
  StateReader reader(bytes);
  const Status status = detector->Load(&reader);
  EXPECT_TRUE(!status.ok() || reader.AtEnd());
  return status;
}

std::vector<Anomaly> FeedInOneBatch(const DetectorCase& test_case,
                                    std::span<const TestReading> readings) {
  std::vector<Anomaly> anomalies;
  Feeder().Feed(readings, test_case.Make(kMetrics).get(), &anomalies);
  return anomalies;
}

class EveryDetectorTest : public ::testing::TestWithParam<DetectorCase> {};

TEST_P(EveryDetectorTest, BatchCutsAndRestartsChangeNothing) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<TestReading> readings = RandomReadings(3000, seed);
    const std::vector<Anomaly> want = FeedInOneBatch(GetParam(), readings);
    EXPECT_GT(want.size(), 10U);
    EXPECT_LT(want.size(), readings.size() * kMetrics.size());

    std::mt19937_64 random(seed);
    auto detector = GetParam().Make(kMetrics);
    Feeder feeder;
    std::vector<Anomaly> got;
    for (size_t begin = 0; begin < readings.size();) {
      const size_t most = random() % 3 == 0 ? 2 : 200;
      const size_t size = std::min(1 + random() % most, readings.size() - begin);
      feeder.Feed({readings.data() + begin, size}, detector.get(), &got, random() % 2 == 0);
      begin += size;
      if (random() % 4 != 0) continue;
      auto restarted = GetParam().Make(kMetrics);
      ASSERT_TRUE(LoadText(SaveText(*detector), restarted.get()).ok());
      ASSERT_EQ(SaveText(*restarted), SaveText(*detector));
      detector = std::move(restarted);
    }
    feeder.Advance(detector.get(), &got);
    ASSERT_EQ(AnomalyTexts(got), AnomalyTexts(want));
  }
}

TEST_P(EveryDetectorTest, NothingIsJudgedByWhatComesLater) {
  const std::vector<TestReading> readings = RandomReadings(3000, 8);
  const auto judge = [&](size_t size) {
    const auto detector = GetParam().Make(kMetrics);
    JudgementSink judgements;
    Feeder feeder;
    feeder.Observe(detector.get(), &judgements);
    std::vector<Anomaly> anomalies;
    feeder.Feed({readings.data(), size}, detector.get(), &anomalies, /*advance=*/false);
    std::vector<std::string> texts;
    for (const Judgement& judgement : judgements) {
      texts.push_back(std::to_string(judgement.row) + ' ' + std::to_string(judgement.metric) + ' ' +
                      std::to_string(judgement.score) + ' ' + std::string(judgement.type));
    }
    for (const Anomaly& anomaly : anomalies) texts.push_back(AnomalyText(anomaly));
    std::sort(texts.begin(), texts.end());
    return texts;
  };
  const std::vector<std::string> whole = judge(readings.size());
  for (const size_t size : {700U, 1500U, 2999U}) {
    const std::vector<std::string> part = judge(size);
    EXPECT_TRUE(std::includes(whole.begin(), whole.end(), part.begin(), part.end())) << size;
  }
}

TEST_P(EveryDetectorTest, AnomaliesAreInOrderOfRowsWithFiniteScoresAndASentence) {
  const auto detector = GetParam().Make(kMetrics);
  uint32_t last_row = 0;
  for (const Anomaly& anomaly : FeedInOneBatch(GetParam(), RandomReadings(3000, 9))) {
    EXPECT_TRUE(std::isfinite(anomaly.score));
    EXPECT_GE(anomaly.score, 1) << anomaly.reason;
    EXPECT_FALSE(anomaly.reason.empty());
    EXPECT_FALSE(std::isinf(anomaly.lower) || std::isinf(anomaly.upper));
    const std::string sentence = detector->Explain(anomaly, "the metric");
    EXPECT_GT(sentence.size(), 20U);
    EXPECT_EQ(sentence.find("nan"), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find("inf"), std::string::npos) << sentence;
    if (anomaly.row == kNoRow) continue;
    EXPECT_GE(anomaly.row, last_row);
    last_row = anomaly.row;
  }
}

TEST_P(EveryDetectorTest, ObservingJudgesEveryReadingAndChangesNothing) {
  const std::vector<TestReading> readings = RandomReadings(2000, 7);
  const std::vector<Anomaly> want = FeedInOneBatch(GetParam(), readings);
  const auto detector = GetParam().Make(kMetrics);
  JudgementSink judgements;
  Feeder feeder;
  feeder.Observe(detector.get(), &judgements);
  std::vector<Anomaly> got;
  feeder.Feed(readings, detector.get(), &got);
  EXPECT_EQ(AnomalyTexts(got), AnomalyTexts(want));
  if (GetParam().type->spec.name == "missing") {
    EXPECT_TRUE(judgements.empty());  // knows nothing of readings that came
    return;
  }
  std::map<std::pair<uint32_t, uint16_t>, Judgement> by_place;
  for (const Judgement& judgement : judgements) {
    EXPECT_TRUE(std::isfinite(judgement.score) && judgement.score >= 0);
    EXPECT_TRUE(std::isfinite(judgement.severity));
    EXPECT_FALSE(std::isinf(judgement.lower) || std::isinf(judgement.upper));
    const bool is_new =
        by_place.emplace(std::pair(judgement.row, judgement.metric), judgement).second;
    EXPECT_TRUE(is_new) << judgement.row;
    EXPECT_FALSE(std::isnan(readings[judgement.row].values[judgement.metric]));
  }
  for (const Anomaly& anomaly : got) {
    if (anomaly.reason == "missing") continue;
    const auto found = by_place.find({anomaly.row, anomaly.metric});
    ASSERT_NE(found, by_place.end());
    EXPECT_EQ(found->second.score, anomaly.score);
    EXPECT_EQ(found->second.type, anomaly.reason);
    by_place.erase(found);
  }
  for (const auto& [place, judgement] : by_place) EXPECT_TRUE(judgement.type.empty());
  detector->ObserveWith(nullptr);
  judgements.clear();
  Feeder().Feed(readings, detector.get(), &got);
  EXPECT_TRUE(judgements.empty());
}

TEST_P(EveryDetectorTest, SnapshotsCutShortAreRefusedAndLeaveTheStateAlone) {
  const auto source = GetParam().Make(kMetrics);
  std::vector<Anomaly> anomalies;
  Feeder().Feed(RandomReadings(300, 3), source.get(), &anomalies);
  const std::string bytes = SaveText(*source);
  const std::string before = SaveText(*source);
  for (size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 37) {
    EXPECT_EQ(LoadText(std::string_view(bytes).substr(0, size), source.get()).code(),
              StatusCode::kCorrupt)
        << size;
  }
  EXPECT_EQ(SaveText(*source), before);
}

TEST_P(EveryDetectorTest, DamagedSnapshotsAreRefusedOrUsable) {
  const auto source = GetParam().Make(kMetrics);
  std::vector<Anomaly> anomalies;
  Feeder().Feed(RandomReadings(300, 3), source.get(), &anomalies);
  const std::string bytes = SaveText(*source);
  const std::vector<TestReading> readings = RandomReadings(100, 4);
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = bytes;
    for (uint64_t flips = 1 + random() % 8; flips > 0; --flips) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto detector = GetParam().Make(kMetrics);
    StateReader reader(damaged);
    const Status status = detector->Load(&reader);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCorrupt);
    anomalies.clear();
    Feeder().Feed(readings, detector.get(), &anomalies);
    for (const Anomaly& anomaly : anomalies) EXPECT_TRUE(std::isfinite(anomaly.score));
  }
}

TEST_P(EveryDetectorTest, SnapshotsOfOtherDetectorsAreRefused) {
  const std::string bytes = SaveText(*GetParam().Make(kMetrics));
  for (const DetectorCase& other : AllDetectorCases()) {
    const auto detector = other.Make(kMetrics);
    const bool same = other.type == GetParam().type && other.overrides == GetParam().overrides;
    if (same) continue;
    if (other.type == GetParam().type && other.name.find("window") == std::string::npos &&
        GetParam().name.find("window") == std::string::npos) {
      continue;  // parameters that do not change the layout
    }
    EXPECT_EQ(LoadText(bytes, detector.get()).code(), StatusCode::kCorrupt) << other.name;
  }
}

TEST_P(EveryDetectorTest, LearnsAboutMetricsThatAppearLater) {
  std::vector<TestReading> readings = RandomReadings(2000, 5);
  const std::vector<Anomaly> want = FeedInOneBatch(GetParam(), readings);
  // The same without the last two metrics at first: as if these had always been null.
  std::vector<Anomaly> got;
  const std::vector<std::string> few = {"a"};
  auto detector = GetParam().Make(few);
  std::vector<TestReading> early(readings.begin(), readings.begin() + 500);
  for (TestReading& reading : early) reading.values.resize(1);
  Feeder feeder;
  feeder.Feed(early, detector.get(), &got);
  const std::string snapshot = SaveText(*detector);
  detector->SetMetrics(kMetrics);
  feeder.Feed({readings.data() + 500, readings.size() - 500}, detector.get(), &got);

  for (size_t i = 0; i < 500; ++i) readings[i].values[1] = readings[i].values[2] = kNullValue;
  EXPECT_EQ(AnomalyTexts(got), AnomalyTexts(FeedInOneBatch(GetParam(), readings)));
  // An old snapshot fits a detector that knows more metrics, not the other way round.
  EXPECT_TRUE(LoadText(snapshot, GetParam().Make(kMetrics).get()).ok());
  if (GetParam().name == "missing") return;  // has no metrics
  EXPECT_EQ(LoadText(SaveText(*detector), GetParam().Make(few).get()).code(), StatusCode::kCorrupt);
}

TEST_P(EveryDetectorTest, StateGrowsWithSlotsOnly) {
  const auto detector = GetParam().Make(kMetrics);
  const auto bytes_after = [&](size_t slots) {
    std::vector<Anomaly> anomalies;
    std::vector<TestReading> readings;
    for (size_t slot = 0; slot < slots; ++slot) {
      readings.push_back({static_cast<uint32_t>(slot), 1'000'000 * kSecond, {1, 2, 3}});
    }
    Feeder().Feed(readings, detector.get(), &anomalies);
    return detector->StateBytes();
  };
  EXPECT_EQ(GetParam().Make(kMetrics)->StateBytes(), 0U);
  const size_t thousand = bytes_after(1000);
  EXPECT_EQ(bytes_after(1000), thousand);
  const bool stateless = GetParam().name == "threshold";
  EXPECT_EQ(thousand == 0, stateless);
  EXPECT_LE(bytes_after(1001), thousand + thousand / 3 + 1000);
}

TEST_P(EveryDetectorTest, EmptyBatchesAndMetricsThatAreNotInTheBatchAreFine) {
  const auto detector = GetParam().Make(kMetrics);
  std::vector<Anomaly> anomalies;
  detector->Process(KeyedBatch{}, &anomalies);
  detector->Advance(INT64_MAX, &anomalies);
  detector->SetMetrics(std::vector<std::string>{"a", "b", "c", "d"});
  Feeder().Feed(RandomReadings(50, 1), detector.get(), &anomalies);
  const auto again = GetParam().Make({});
  again->Process(KeyedBatch{}, &anomalies);
  SaveText(*again);
}

TEST_P(EveryDetectorTest, SpecificationIsComplete) {
  const DetectorSpec& spec = GetParam().type->spec;
  EXPECT_FALSE(spec.summary.empty());
  for (const DetectorParam& param : spec.params) {
    EXPECT_FALSE(param.help.empty()) << param.name;
    EXPECT_LT(param.min, param.max) << param.name;
    if (std::isnan(param.default_value)) continue;
    EXPECT_GE(param.default_value, param.min) << param.name;
    EXPECT_LE(param.default_value, param.max) << param.name;
  }
  for (const std::string_view name : spec.one_of) {
    EXPECT_TRUE(std::any_of(spec.params.begin(), spec.params.end(),
                            [&](const DetectorParam& param) { return param.name == name; }));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, EveryDetectorTest, ::testing::ValuesIn(AllDetectorCases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(DetectorTest, SelectsMetricsInAscendingOrder) {
  DetectorConfig config;
  EXPECT_EQ(SelectMetrics(config, kMetrics), (std::vector<uint16_t>{0, 1, 2}));
  config.metrics = {"c", "a", "unknown"};
  EXPECT_EQ(SelectMetrics(config, kMetrics), (std::vector<uint16_t>{0, 2}));
  EXPECT_TRUE(SelectMetrics(config, {}).empty());
}

TEST(DetectorTest, SeveritiesHaveNames) {
  EXPECT_EQ(SeverityName(Severity::kInfo), "info");
  EXPECT_EQ(SeverityName(Severity::kWarning), "warning");
  EXPECT_EQ(SeverityName(Severity::kCritical), "critical");
}

// The example of docs/formats/detector-state.md.
TEST(DetectorTest, SnapshotHasTheDocumentedBytes) {
  const auto detector = testing::MakeDetector(RateOfChangeType());
  testing::Detect(detector.get(), std::vector<TestReading>{{0, 10 * kSecond, {20}}});
  StateWriter want;
  want.PutString("rate_of_change/1");
  want.Put<uint64_t>(0);
  want.Put<uint64_t>(1);
  want.Put<uint16_t>(0);
  want.Put<uint64_t>(1);
  want.Put<uint64_t>(1);
  want.Put<uint64_t>(0x4034000000000000);
  want.Put<uint64_t>(0x989680);
  EXPECT_EQ(SaveText(*detector), want.bytes());
}

TEST(DetectorParamsTest, MissingKeysHaveTheirDefaultAndOthersStayInRange) {
  constexpr DetectorParam kParams[] = {
      {"number", DetectorParam::Kind::kNumber, 3, 1, 10, "n"},
      {"integer", DetectorParam::Kind::kInteger, 30, 0, 1e12, "i"},
      {"span", DetectorParam::Kind::kDuration, 600, 1, 1000, "d"},
  };
  const DetectorSpec spec{"x", "y", "", kParams};
  DetectorConfig config;
  const DetectorParams params(config, spec);
  EXPECT_EQ(params.Number("number"), 3);
  EXPECT_EQ(params.Integer("integer"), 30U);
  EXPECT_EQ(params.DurationUs("span"), 600 * kSecond);
  config.params = {{"number", 99}, {"integer", 1e11}};
  config.durations_us["span"] = 5;
  EXPECT_EQ(params.Number("number"), 10);
  EXPECT_EQ(params.Integer("integer"), UINT32_MAX);
  EXPECT_EQ(params.DurationUs("span"), kSecond);
}

}  // namespace
}  // namespace avocet
