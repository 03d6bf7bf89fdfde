#include "src/source/simulate/sim_signal.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"
#include "src/source/simulate/sim_random.h"

namespace avocet {
namespace {

// The noise starts again at every multiple of kSegment, from what the kWarmUp steps before make of
// it. That forgets all but 0.2 % of what was earlier, and makes every step reachable.
constexpr int64_t kSegment = 512;
constexpr int64_t kWarmUp = 128;

// Draws of one step.
enum : uint64_t { kTemperatureDraw, kHumidityDraw, kLightDraw, kLoudnessDraw, kBangDraw, kDraws };

// Streams of one device.
enum : uint64_t { kTraits, kNoise, kAirSteps };

int64_t Lerp(int64_t a, int64_t b, int64_t part, int64_t whole) {
  return a + (b - a) * part / whole;
}

// A day, in 65536 parts.
int64_t TurnOfDay(int64_t time_us) {
  const int64_t in_day = time_us - FloorDivide(time_us, kMicrosPerDay) * kMicrosPerDay;
  return in_day / (kMicrosPerDay / 65536);
}

// Half a sine: zero at night, one (32768) at noon.
int64_t Daylight(int64_t turn) {
  return std::max<int64_t>(0, SinTurn(static_cast<uint32_t>(turn - 16384) & 0xFFFFU));
}

}  // namespace

std::string_view SimMetricName(SimMetric metric) {
  constexpr std::array<std::string_view, kSimMetrics> kNames = {"temperature", "humidity",
                                                                "air_quality", "light", "loudness"};
  return kNames[static_cast<size_t>(metric)];
}

SimScale ScaleOf(SimMetric metric) {
  constexpr std::array<SimScale, kSimMetrics> kScales = {
      SimScale{500, 6}, {800, 25}, {100, 50}, {6000, 300}, {1500, 600}};
  return kScales[static_cast<size_t>(metric)];
}

// Bhaskara's approximation, in integers.
int32_t SinTurn(uint32_t turn) {
  turn &= 0xFFFFU;
  const bool negative = turn >= 32768;
  const int64_t x = turn & 0x7FFFU;
  const int64_t product = x * (32768 - x);
  const int64_t value =
      (int64_t{16} * product * 32768) / (int64_t{5} * 32768 * 32768 - 4 * product);
  return static_cast<int32_t>(negative ? -value : value);
}

SimDevice::SimDevice(uint64_t key, uint64_t site_key) : key_(key), site_key_(site_key) {
  const uint64_t traits = SubKey(key_, kTraits);
  phase_ = static_cast<int32_t>(DrawBetween(Draw(traits, 0), -1000, 1000));
  gain_ = static_cast<int32_t>(DrawBetween(Draw(traits, 1), 820, 1229));
  offset_ = {static_cast<int32_t>(DrawBetween(Draw(traits, 2), -150, 150)),
             static_cast<int32_t>(DrawBetween(Draw(traits, 3), -200, 200)),
             static_cast<int32_t>(DrawBetween(Draw(traits, 4), -2, 2) * 100),
             static_cast<int32_t>(DrawBetween(Draw(traits, 5), -1500, 1500)),
             static_cast<int32_t>(DrawBetween(Draw(traits, 6), -500, 500))};
  Restart(0);
}

void SimDevice::Seek(int64_t step) {
  step_ = step - step % kSegment;
  Restart(step_);
  for (; step_ < step; ++step_) AdvanceNoise(step_);
}

void SimDevice::Restart(int64_t step) {
  noise_ = Noise{};
  for (int64_t i = step - kWarmUp; i < step; ++i) AdvanceNoise(i);
}

// First-order autoregression; the factors of the draws keep the deviations of ScaleOf.
void SimDevice::AdvanceNoise(int64_t step) {
  const uint64_t key = SubKey(key_, kNoise);
  const uint64_t base = static_cast<uint64_t>(step + kWarmUp) * kDraws;
  const auto draw = [&](uint64_t which) { return DrawNormal(Draw(key, base + which)); };
  const auto next = [](int32_t state, int64_t keep_of_64, int64_t draw_times_65536) {
    return static_cast<int32_t>(state * keep_of_64 / 64 + draw_times_65536 / kNormalUnit);
  };
  // 6 * sqrt(1 - (61/64)^2) = 1.815; 25 * the same = 7.565; 300 * sqrt(1 - (51/64)^2) = 181.2.
  noise_.temperature = next(noise_.temperature, 61, draw(kTemperatureDraw) * 118'969);
  noise_.humidity = next(noise_.humidity, 61, draw(kHumidityDraw) * 495'803);
  noise_.light = next(noise_.light, 51, draw(kLightDraw) * 11'877'345);
}

// Slow changes that all devices see: a new level every three hours, within two degrees.
int64_t SimDevice::Weather(int64_t time_us) const {
  constexpr int64_t kPeriodUs = 3 * kMicrosPerHour;
  const int64_t cell = FloorDivide(time_us, kPeriodUs);
  const auto level = [&](int64_t at) {
    return DrawBetween(Draw(site_key_, static_cast<uint64_t>(at)), -200, 200);
  };
  return Lerp(level(cell), level(cell + 1), (time_us - cell * kPeriodUs) / 1000, kPeriodUs / 1000);
}

SimValues SimDevice::Clean(int64_t time_us) const {
  const int64_t turn = TurnOfDay(time_us);
  // Coldest at about 03:40, warmest twelve hours later.
  const auto day = static_cast<uint32_t>(turn - 26'400 + phase_);
  const int64_t swing = int64_t{500} * gain_ * SinTurn(day) / (1024 * 32768);
  const int64_t warmth = swing + Weather(time_us);
  const int64_t daylight = Daylight((turn + phase_) & 0xFFFF);
  const int64_t half_hour = FloorDivide(time_us, 30 * kMicrosPerMinute);
  const uint64_t air = Draw(SubKey(key_, kAirSteps), static_cast<uint64_t>(half_hour));
  const int64_t air_step = (air & 15U) == 0 ? 100 : (air & 15U) == 1 ? -100 : 0;
  const bool at_work = turn > 21'600 && turn < 52'400;
  SimValues values = offset_;
  values[0] += static_cast<int32_t>(3000 + warmth);
  values[1] += static_cast<int32_t>(4000 - warmth * 8 / 5);
  values[2] += static_cast<int32_t>(7500 + air_step);
  values[3] += static_cast<int32_t>(61'000 + 6000 * gain_ / 1024 * daylight / 32768);
  values[4] += at_work ? 14'500 : 13'000;
  return values;
}

SimValues SimDevice::Next(int64_t time_us) {
  if (step_ % kSegment == 0) Restart(step_);
  AdvanceNoise(step_);
  const uint64_t key = SubKey(key_, kNoise);
  const uint64_t base = static_cast<uint64_t>(step_ + kWarmUp) * kDraws;
  ++step_;
  SimValues values = Clean(time_us);
  values[0] += noise_.temperature >> 16U;
  values[1] += noise_.humidity >> 16U;
  values[3] += noise_.light >> 16U;
  int64_t loudness = DrawNormal(Draw(key, base + kLoudnessDraw)) * 600 / kNormalUnit;
  // Doors and dropped things: ordinary, and no faults.
  const uint64_t bang = Draw(key, base + kBangDraw);
  if ((bang & 511U) == 0) loudness += 1200 + 500 * std::countl_zero(bang | 0x3FFU);
  values[4] += static_cast<int32_t>(loudness);
  return values;
}

}  // namespace avocet
