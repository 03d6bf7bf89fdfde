#include "src/source/simulate/simulator.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "src/base/civil_time.h"
#include "src/base/time_format.h"
#include "src/source/simulate/sim_random.h"

namespace avocet {
namespace {

constexpr int64_t kMostDevices = 10'000'000;

// Streams of a seed.
enum : uint64_t { kSite, kFaults, kFaultNoise, kFirstDevice };

std::vector<FaultKind> KindsOf(const SimulateSourceConfig& config) {
  std::vector<FaultKind> kinds;
  for (const std::string& name : config.faults) {
    const Result<FaultKind> kind = ParseFaultKind(name);
    if (kind.ok()) kinds.push_back(*kind);
  }
  return kinds;
}

int64_t StepsOf(const SimulateSourceConfig& config) {
  const int64_t period = Simulator::PeriodUs(config);
  return (config.duration.count() + period - 1) / period;
}

std::string DeviceName(int64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return "dev-" + digits;
}

char* Put(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* PutInteger(int64_t value, char* out) {
  if (value < 0) {
    *out++ = '-';
    value = -value;
  }
  char digits[20];
  char* begin = digits + sizeof digits;
  do {
    *--begin = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return Put({begin, static_cast<size_t>(digits + sizeof digits - begin)}, out);
}

// Two decimals, as sensors print them; "-0.00" does not occur.
char* PutHundredths(int64_t value, char* out) {
  if (value < 0) {
    *out++ = '-';
    value = -value;
  }
  out = PutInteger(value / 100, out);
  *out++ = '.';
  *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

// Hundredths to the nearest integer, never below zero: these sensors count.
char* PutRounded(int64_t hundredths, char* out) {
  return PutInteger(std::max<int64_t>(hundredths + 50, 0) / 100, out);
}

// ISO 8601 in UTC; microseconds only when the steps need them.
std::string TimeText(int64_t time_us, int64_t period_us, int64_t start_us) {
  const bool millis = period_us % 1000 == 0 && start_us % 1000 == 0;
  std::string text =
      FormatTimestamp(time_us - (time_us % kMicrosPerSecond + kMicrosPerSecond) % kMicrosPerSecond);
  const int64_t part = (time_us % kMicrosPerSecond + kMicrosPerSecond) % kMicrosPerSecond;
  std::string digits = std::to_string(kMicrosPerSecond + part);
  digits[0] = '.';
  if (millis) digits.resize(4);
  text.insert(text.size() - 1, digits);
  return text;
}

}  // namespace

Status Simulator::Check(const SimulateSourceConfig& config) {
  if (config.devices < 1 || config.devices > kMostDevices) {
    return Status::Config("devices must be from 1 to " + std::to_string(kMostDevices));
  }
  if (config.rate < 0 || config.rate > 1e9) return Status::Config("rate must be from 0 to 1e9");
  if (PeriodUs(config) < 1 || PeriodUs(config) > 366 * kMicrosPerDay) {
    return Status::Config("period must be from 1us to 366d");
  }
  if (config.duration.count() < 0) return Status::Config("duration must not be negative");
  if (config.speed < 0) return Status::Config("speed must not be negative");
  for (const std::string& name : config.faults) {
    AVOCET_RETURN_IF_ERROR(ParseFaultKind(name).status());
  }
  return Status::Ok();
}

int64_t Simulator::PeriodUs(const SimulateSourceConfig& config) {
  if (config.rate <= 0) return config.period.count();
  const double period = static_cast<double>(config.devices) * 1e6 / config.rate;
  return static_cast<int64_t>(std::clamp(period + 0.5, 1.0, 4e15));
}

Simulator::Simulator(const SimulateSourceConfig& config, int64_t start_us)
    : start_us_(start_us),
      period_us_(PeriodUs(config)),
      key_(Mix64(config.seed + 0x5A17)),
      end_index_(config.duration.count() == 0 ? std::numeric_limits<int64_t>::max()
                                              : StepsOf(config) * config.devices),
      plan_(KindsOf(config), SubKey(key_, kFaults), config.devices,
            config.duration.count() == 0 ? 0 : StepsOf(config), period_us_) {
  devices_.reserve(static_cast<size_t>(config.devices));
  for (int64_t i = 0; i < config.devices; ++i) {
    const uint64_t key = SubKey(key_, kFirstDevice + static_cast<uint64_t>(i));
    devices_.push_back({SimDevice(key, SubKey(key_, kSite)),
                        "{\"device_id\":\"" + DeviceName(i + 1) + "\",\"timestamp\":\"",
                        std::nullopt,
                        {}});
  }
  BeginStep();
}

void Simulator::BeginStep() {
  time_text_ = TimeText(TimeOf(step_), period_us_, start_us_) + "\",\"temperature\":";
  if (plan_.SliceOf(step_) != slice_) BeginSlice(plan_.SliceOf(step_));
  AddTruthUpTo(step_);
}

void Simulator::BeginSlice(int64_t slice) {
  slice_ = slice;
  waiting_.clear();
  for (size_t i = 0; i < devices_.size(); ++i) {
    Device& device = devices_[i];
    device.fault = plan_.Find(static_cast<int64_t>(i), slice);
    if (!device.fault.has_value()) continue;
    const PlannedFault& fault = *device.fault;
    device.clean_at_fault = device.signal.Clean(TimeOf(fault.first));
    FaultWindow window;
    window.device_id = DeviceName(static_cast<int64_t>(i) + 1);
    if (fault.kind != FaultKind::kDropout) window.metric = SimMetricName(fault.metric);
    window.fault = FaultKindName(fault.kind);
    window.start_us = TimeOf(fault.first);
    window.end_us = TimeOf(fault.last);
    window.severity = fault.severity_hundredths / 100.0;
    waiting_.push_back({fault.first, std::move(window)});
  }
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Waiting& a, const Waiting& b) { return a.first > b.first; });
}

void Simulator::AddTruthUpTo(int64_t step) {
  while (!waiting_.empty() && waiting_.back().first <= step) {
    truth_.push_back(std::move(waiting_.back().window));
    waiting_.pop_back();
  }
}

void Simulator::Seek(int64_t index) {
  const auto devices = static_cast<int64_t>(devices_.size());
  index = std::min(index, end_index_);
  step_ = index / devices;
  device_ = static_cast<size_t>(index % devices);
  for (size_t i = 0; i < devices_.size(); ++i) {
    devices_[i].signal.Seek(i < device_ ? step_ + 1 : step_);
  }
  truth_.clear();
  const int64_t last = std::min(step_, end_index_ / devices - 1);
  for (int64_t slice = 0; slice < plan_.SliceOf(last); ++slice) {
    BeginSlice(slice);
    AddTruthUpTo(std::numeric_limits<int64_t>::max());
  }
  slice_ = -1;
  if (index < end_index_) {
    BeginStep();
  } else {
    BeginSlice(plan_.SliceOf(last));
    AddTruthUpTo(last);
  }
}

// To the next slot.
void Simulator::Advance() {
  if (++device_ < devices_.size()) return;
  device_ = 0;
  ++step_;
  if (index() < end_index_) BeginStep();
}

// Steps over devices that do not send. False: the duration is over.
bool Simulator::SkipSilent() {
  while (index() < end_index_) {
    Device& device = devices_[device_];
    const bool silent = device.fault.has_value() && device.fault->kind == FaultKind::kDropout &&
                        device.fault->Covers(step_);
    if (!silent) return true;
    device.signal.Next(TimeOf(step_));
    Advance();
  }
  return false;
}

int64_t Simulator::next_index() {
  SkipSilent();
  return index();
}

int64_t Simulator::next_time_us() {
  SkipSilent();
  return TimeOf(step_);
}

char* Simulator::Next(char* out) {
  if (!SkipSilent()) return nullptr;
  Device& device = devices_[device_];
  SimValues values = device.signal.Next(TimeOf(step_));
  if (device.fault.has_value() && device.fault->Covers(step_)) {
    const uint64_t noise = Draw(SubKey(key_, kFaultNoise), static_cast<uint64_t>(index()));
    ApplyFault(*device.fault, step_, device.clean_at_fault, noise, &values);
  }
  out = Put(device.prefix, out);
  out = Put(time_text_, out);
  out = PutHundredths(values[0], out);
  out = PutHundredths(values[1], Put(",\"humidity\":", out));
  out = PutRounded(values[2], Put(",\"air_quality\":", out));
  out = PutRounded(values[3], Put(",\"light\":", out));
  out = PutRounded(values[4], Put(",\"loudness\":", out));
  *out++ = '}';
  Advance();
  return out;
}

bool Simulator::Next(std::string* line_appended) {
  std::array<char, kMostRecordBytes> line;
  char* end = Next(line.data());
  if (end == nullptr) return false;
  *end++ = '\n';
  line_appended->append(line.data(), end);
  return true;
}

}  // namespace avocet
