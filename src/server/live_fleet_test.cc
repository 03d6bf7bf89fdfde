#include "src/server/live_fleet.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kStart = 1'735'689'600 * kSecond;

struct Reading {
  std::string device;
  int64_t time_us;
  double value;
  bool late = false;
  bool invalid = false;
};

// What the engine's shards would have made of readings, without their detectors.
class Ticks {
 public:
  explicit Ticks(LiveFleet* fleet) : fleet_(fleet) {}

  void Tick(const std::vector<Reading>& readings) {
    Piece piece;
    for (const Reading& reading : readings) {
      piece.readings.device.push_back(reading.device);
      piece.readings.event_time_us.push_back(reading.time_us);
      piece.readings.payload.push_back("{}");
    }
    piece.readings.rows = readings.size();
    piece.Prepare(1);
    for (size_t row = 0; row < readings.size(); ++row) {
      DeviceTable& devices = devices_[ShardOf(piece.device_hash[row])];
      piece.slot[row] = devices.FindOrAdd(readings[row].device, piece.device_hash[row]);
      piece.readings.metrics[0][row] = readings[row].value;
      piece.means[0][row] = readings[row].value + 1;
      piece.late[row] = readings[row].late ? 1 : 0;
      piece.invalid[row] = readings[row].invalid ? 1 : 0;
    }
    Piece* const pieces[] = {&piece};
    for (size_t shard = 0; shard < kNumShards; ++shard) {
      fleet_->OnReadings(shard, pieces, {devices_[shard], {}}, metrics_);
    }
  }

 private:
  LiveFleet* fleet_;
  std::array<DeviceTable, kNumShards> devices_;
  const std::vector<std::string> metrics_ = {"temperature"};
};

AnomalyRow Anomaly(const std::string& device, int64_t time_us, const std::string& severity) {
  AnomalyRow row;
  row.id = device + std::to_string(time_us);
  row.device = device;
  row.event_time_us = time_us;
  row.severity = severity;
  return row;
}

// Holds something back of every device.
class Reticent : public Detector {
 public:
  void Process(const KeyedBatch&, AnomalySink*) override {}
  void SetMetrics(std::span<const std::string>) override {}
  std::string Explain(const avocet::Anomaly&, std::string_view) const override { return ""; }
  size_t StateBytes() const override { return 0; }
  void Save(StateWriter*) const override {}
  Status Load(StateReader*) override { return Status::Ok(); }
  void ListHeldBack(uint32_t slot, std::vector<HeldBack>* out) const override {
    out->push_back({static_cast<uint16_t>(slot), "spike"});
  }
};

TEST(LiveFleetTest, KnowsWhatDetectorsHoldBack) {
  AnomalyFeed feed(10);
  AlertBoard board(10);
  LiveFleet fleet(&feed, &board, size_t{1} << 20);
  DeviceTable devices;
  constexpr uint32_t kDevices = 200;  // more than are looked at in a tick
  std::string last;
  for (uint32_t number = 0; devices.size() < kDevices; ++number) {
    const std::string name = "d" + std::to_string(number);
    if (ShardOf(DeviceHash(name)) != 0) continue;
    devices.FindOrAdd(name, DeviceHash(name));
    last = name;
  }
  std::vector<std::unique_ptr<Detector>> detectors;
  detectors.push_back(std::make_unique<Reticent>());
  const std::string metrics[] = {"temperature"};
  for (int tick = 0; tick < 4; ++tick) fleet.OnReadings(0, {}, {devices, detectors}, metrics);
  const auto device = fleet.Device(last);
  ASSERT_TRUE(device);
  EXPECT_EQ(device->held_back, (std::vector<HeldBack>{{kDevices - 1, "spike"}}));
}

TEST(LiveFleetTest, CountsWhatADeviceSent) {
  AnomalyFeed feed(10);
  AlertBoard board(10);
  LiveFleet fleet(&feed, &board, size_t{1} << 20);
  Ticks ticks(&fleet);
  ticks.Tick({{"a", kStart, 1}, {"b", kStart, 2}});
  ticks.Tick({{"a", kStart + 10 * kSecond, 3}, {"a", kStart + kSecond, 9, true}});
  ticks.Tick({{"a", kStart + 20 * kSecond, 4, false, true}});
  EXPECT_EQ(fleet.fleet_time_us(), kStart + 20 * kSecond);
  EXPECT_EQ(fleet.Devices().size(), 2u);
  EXPECT_FALSE(fleet.Device("c"));
  const auto a = fleet.Device("a");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->readings, 4u);
  EXPECT_EQ(a->late, 1u);
  EXPECT_EQ(a->invalid, 1u);
  EXPECT_EQ(a->quality(), 0.5);
  EXPECT_EQ(a->period_us, 10 * kSecond);
  EXPECT_EQ(a->values, std::vector<double>{4});
  EXPECT_EQ(fleet.Sparkline("a", 0, 10), (std::vector<double>{1, 3, 4}));
}

TEST(LiveFleetTest, AnAnomalyColoursItsDeviceForAnHour) {
  AnomalyFeed feed(10);
  AlertBoard board(10);
  LiveFleet fleet(&feed, &board, size_t{1} << 20);
  Ticks ticks(&fleet);
  ticks.Tick({{"a", kStart, 1}, {"b", kStart, 1}});
  fleet.Remember({Anomaly("a", kStart, "critical"), Anomaly("a", kStart, "critical"),
                  Anomaly("b", kStart, "warning"), Anomaly("nobody", kStart, "critical")});
  EXPECT_EQ(fleet.Device("a")->state, DeviceState::kCritical);
  EXPECT_EQ(fleet.Device("b")->state, DeviceState::kWarning);
  EXPECT_EQ(fleet.Device("b")->anomalies_24h, 1u);
  EXPECT_EQ(feed.last(), 3u);  // one came twice
  ticks.Tick({{"a", kStart + kHour, 1}});
  EXPECT_EQ(fleet.Device("a")->state, DeviceState::kOk);
  EXPECT_EQ(fleet.Device("b")->state, DeviceState::kSilent);
  EXPECT_EQ(fleet.CountStates(), (std::array<uint64_t, kNumDeviceStates>{1, 0, 0, 1}));
  ticks.Tick({{"b", kStart + 25 * kHour, 1}});
  EXPECT_EQ(fleet.Device("b")->anomalies_24h, 0u);
}

TEST(LiveFleetTest, SaysSinceWhenItKnowsAllReadings) {
  AnomalyFeed feed(10);
  // Room for the first 32 rows of one device.
  AlertBoard board(10);
  LiveFleet fleet(&feed, &board, ReadingRing::BytesFor(40, 1));
  Ticks ticks(&fleet);
  for (int i = 0; i < 20; ++i) ticks.Tick({{"a", kStart + i * kSecond, 1.0 * i}});
  ticks.Tick({{"b", kStart, 1}});
  const auto readings = [&](const std::string& device, int64_t* complete_us) {
    SeriesBuckets buckets(kStart, kStart + kHour, 100, 1);
    *complete_us = fleet.AddReadings(device, {0}, kStart, &buckets);
    return buckets.Finish().readings;
  };
  int64_t complete_us = 0;
  EXPECT_EQ(readings("a", &complete_us), 20u);
  EXPECT_EQ(complete_us, kNoTime);
  EXPECT_EQ(readings("b", &complete_us), 0u);
  EXPECT_EQ(complete_us, INT64_MAX);
  for (int i = 20; i < 50; ++i) ticks.Tick({{"a", kStart + i * kSecond, 1.0 * i}});
  EXPECT_EQ(readings("a", &complete_us), 31u);
  EXPECT_EQ(complete_us, kStart + 18 * kSecond + 1);
}

TEST(LiveFleetTest, MayBeAskedWhileItIsTold) {
  AnomalyFeed feed(100);
  AlertBoard board(10);
  LiveFleet fleet(&feed, &board, size_t{1} << 16);
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      for (const DeviceSummary& device : fleet.Devices()) {
        EXPECT_LE(device.last_us, fleet.fleet_time_us() + kHour);
        fleet.Sparkline(device.name, 0, 10);
      }
      fleet.CountStates();
      feed.Newest({}, 10);
    }
  });
  Ticks ticks(&fleet);
  for (int i = 0; i < 200; ++i) {
    const std::string name = "device-" + std::to_string(i % 30);
    ticks.Tick({{name, kStart + i * kSecond, 1.0 * i}});
    fleet.Remember({Anomaly(name, kStart + i * kSecond, "warning")});
  }
  done = true;
  reader.join();
  EXPECT_EQ(fleet.Devices().size(), 30u);
}

}  // namespace
}  // namespace avocet
