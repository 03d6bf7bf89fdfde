#include "test/sim/fleet.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/base/time_format.h"

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart = 1'623'715'200 * kSecond;  // 2021-06-15T00:00:00Z, as the clock
constexpr size_t kRecent = 12;

constexpr std::string_view kBroken[] = {
    "oops",
    R"({"device_id":"d0","timestamp":"2021-06-15T00:00:00Z")",
    R"({"device_id":"d0","timestamp":"yesterday","temperature":1})",
    R"({"timestamp":"2021-06-15T00:00:00Z","temperature":1})",
    R"({"device_id":"d0","temperature":1})",
    R"({"device_id":"d0","timestamp":"2100-01-01T00:00:00Z","temperature":1})",
    R"({"device_id":"d0","timestamp":"1960-01-01T00:00:00Z","temperature":1})",
    R"({"device_id":"d0","timestamp":"2021-06-15T00:00:00Z","temperature":"hot"})",
    R"({"device_id":"d0","timestamp":"2021-06-15T00:00:00Z","temperature":1e999})",
    R"({"device_id":"d0","device_id":"d1","timestamp":"2021-06-15T00:00:00Z"})",
    R"(["d0",1])",
    "\xff\xfe{\"device_id\"",
};

}  // namespace

Fleet::Fleet(uint64_t seed) : random_(seed) {
  const uint64_t num_devices = 1 + random_.Below(6);
  for (uint64_t i = 0; i < num_devices; ++i) {
    const auto head_start = static_cast<int64_t>(random_.Below(3600)) * kSecond;
    devices_.push_back({.name = fmt::format("d{}", i),
                        .newest_us = kStart + head_start,
                        .level = 20.0 + static_cast<double>(random_.Below(10))});
  }
  evolves_after_ = static_cast<int64_t>(random_.Below(200));
}

std::string Fleet::NextLine() {
  ++num_lines_;
  const uint64_t kind = random_.Below(100);
  if (kind < 1) return "\n";
  if (kind < 5) return BrokenLine() + "\n";
  if (kind < 9 && !recent_.empty()) return recent_[random_.Below(recent_.size())];
  Device& device = devices_[random_.Below(devices_.size())];
  int64_t time_us = device.newest_us;
  if (kind < 18) {  // late, a little or by hours
    const uint64_t most = kind < 14 ? 300 : 4 * 3600;
    time_us -= static_cast<int64_t>(1 + random_.Below(most)) * kSecond;
  } else if (kind >= 22) {  // else at an equal time
    // A silence now and then, so that hours close and missing readings are noticed.
    const uint64_t most = random_.Chance(0.02) ? 3 * 3600 : 240;
    time_us += static_cast<int64_t>(1 + random_.Below(most * 1000)) * (kSecond / 1000);
    device.newest_us = time_us;
  }
  std::string line = Reading(&device, time_us);
  recent_.push_back(line);
  if (recent_.size() > kRecent) recent_.pop_front();
  return line;
}

std::string Fleet::Reading(Device* device, int64_t time_us) {
  return fmt::format(R"({{"device_id":"{}","timestamp":"{}"{}}})", device->name,
                     FormatTimestamp(time_us), MetricsText(device)) +
         "\n";
}

std::string Fleet::MetricsText(Device* device) {
  const auto number = [&](double low, uint64_t hundredths) {
    return low + static_cast<double>(random_.Below(hundredths)) / 100;
  };
  std::string text;
  if (random_.Chance(0.9)) {
    double value = device->level + number(-1, 200);
    if (random_.Chance(0.02)) value += 30;   // an anomaly
    if (random_.Chance(0.02)) value = 500;   // out of range
    if (random_.Chance(0.05)) value = 21.5;  // the same again and again
    text += fmt::format(R"(,"temperature":{:.2f})", value);
  }
  if (random_.Chance(0.7)) {
    text += random_.Chance(0.05) ? R"(,"humidity":null)"
                                 : fmt::format(R"(,"humidity":{:.2f})", number(30, 4000));
  }
  if (num_lines_ > evolves_after_) {
    if (random_.Chance(0.1)) text += fmt::format(R"(,"co2":{})", 400 + random_.Below(100));
    if (random_.Chance(0.05)) text += fmt::format(R"(,"pressure":{:.1f})", number(990, 3000));
    if (random_.Chance(0.02)) text += R"(,"co2_sensor":"warming up, \u00fc")";
  }
  return text;
}

std::string Fleet::BrokenLine() { return std::string(kBroken[random_.Below(std::size(kBroken))]); }

}  // namespace avocet
