#include "src/detect/peer_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "src/detect/auto.h"
#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Feeder;
using testing::kSecond;
using testing::MakeDetector;
using testing::TestReading;

constexpr size_t kDevices = 14;
constexpr size_t kNorth = 8;  // the others are in the south
constexpr size_t kDay = 8640;
constexpr size_t kSize = 4 * kDay;
constexpr size_t kFault = 3 * kDay;

std::string NameOf(size_t device) { return (device < kNorth ? "n" : "s") + std::to_string(device); }

DevicesConfig Sites(const std::string& peers) {
  DevicesConfig config;
  config.labels = {{{"n*"}, {{"site", "north"}}}, {{"s*"}, {{"site", "south"}}}};
  config.peers = peers;
  return config;
}

DeviceTable Devices() {
  DeviceTable devices;
  for (size_t device = 0; device < kDevices; ++device) {
    devices.FindOrAdd(NameOf(device), DeviceHash(NameOf(device)));
  }
  return devices;
}

/// The devices with anomalies when each is compared with its group; ten seconds apart, interleaved.
std::set<std::string> Found(const std::string& peers,
                            const std::function<double(size_t device, size_t i)>& fault) {
  const DevicesConfig config = Sites(peers);
  PeerGroups groups(config);
  groups.SetDevices(Devices());
  const auto detector = MakeDetector(AutoType());
  if (!groups.empty()) detector->set_peers(&groups);
  std::vector<TestReading> readings;
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0, 0.1);
  for (size_t i = 0; i < kSize; ++i) {
    const double course = 3 * std::sin(2 * 3.14159265358979 * static_cast<double>(i) / kDay);
    for (size_t device = 0; device < kDevices; ++device) {
      readings.push_back({static_cast<uint32_t>(device),
                          static_cast<int64_t>(i) * 10 * kSecond + static_cast<int64_t>(device),
                          {20 + course + noise(random) + fault(device, i)}});
    }
  }
  std::vector<Anomaly> anomalies;
  Feeder().Feed(readings, detector.get(), &anomalies);
  std::set<std::string> found;
  for (const Anomaly& anomaly : anomalies) found.insert(NameOf(anomaly.slot));
  return found;
}

double Ramp(size_t i, double most) {
  return i > kFault ? std::min(most, static_cast<double>(i - kFault) * 0.0005) : 0.0;
}

TEST(PeerGroups, AreNumberedByTheConfigurationAlone) {
  const DevicesConfig config = Sites("site");
  PeerGroups groups(config);
  EXPECT_EQ(groups.size(), 3U);
  DeviceTable devices;
  for (const std::string name : {"s1", "mill", "n1", "s2"}) {
    devices.FindOrAdd(name, DeviceHash(name));
  }
  groups.SetDevices(devices);
  EXPECT_EQ(groups.GroupOf(0), 2U);
  EXPECT_EQ(groups.GroupOf(1), 0U);  // has no such label
  EXPECT_EQ(groups.GroupOf(2), 1U);
  EXPECT_EQ(groups.GroupOf(3), 2U);
  const DevicesConfig none = Sites("");
  EXPECT_TRUE(PeerGroups(none).empty());
}

TEST(PeerGroups, WhatHappensToASiteIsNoFaultOfItsDevices) {
  const auto south = [](size_t device, size_t i) { return device < kNorth ? 0.0 : Ramp(i, 0.8); };
  EXPECT_GE(Found("", south).size(), kDevices - kNorth - 1);
  EXPECT_LE(Found("site", south).size(), 1U);
}

TEST(PeerGroups, ADeviceThatLeavesItsSiteIsFound) {
  EXPECT_EQ(Found("site", [](size_t device, size_t i) { return device == 9 ? Ramp(i, 0.8) : 0.0; }),
            std::set<std::string>{"s9"});
}

}  // namespace
}  // namespace avocet
