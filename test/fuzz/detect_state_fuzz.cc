// Loads bytes as the state of every detector. They are refused as corrupt or they can be used: then
// readings are judged with them and the state is saved again.
#include <cstdint>
#include <string_view>

#include "src/base/check.h"
#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

const std::vector<std::string> kMetrics = {"a", "b"};

std::vector<testing::TestReading> SomeReadings() {
  std::vector<testing::TestReading> readings;
  for (int i = 0; i < 60; ++i) {
    const int64_t time_us = i * 10 * testing::kSecond;
    const double value = i % 11 == 0 ? kNullValue : i % 7;
    readings.push_back({static_cast<uint32_t>(i % 3), time_us, {value, 1e300 * (i % 2)}});
  }
  return readings;
}

void LoadAndUse(const testing::DetectorCase& test_case, std::string_view bytes) {
  const auto detector = test_case.Make(kMetrics);
  StateReader reader(bytes);
  const Status status = detector->Load(&reader);
  AVOCET_CHECK(status.ok() || status.code() == StatusCode::kCorrupt);
  std::vector<Anomaly> anomalies;
  testing::Feeder().Feed(SomeReadings(), detector.get(), &anomalies);
  for (const Anomaly& anomaly : anomalies) {
    AVOCET_CHECK(!std::isnan(anomaly.score) && !std::isinf(anomaly.score));
    AVOCET_CHECK(!detector->Explain(anomaly, "a").empty());
  }
  StateWriter writer;
  detector->Save(&writer);
}

}  // namespace
}  // namespace avocet

// The first byte chooses the detector, so that a corpus file is one snapshot.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto kCases = avocet::testing::AllDetectorCases();
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  avocet::LoadAndUse(kCases[data[0] % kCases.size()], bytes);
  return 0;
}
