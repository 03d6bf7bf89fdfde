// The undisturbed signals of a simulated device, in hundredths of their units.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace avocet {

enum class SimMetric : uint8_t { kTemperature, kHumidity, kAirQuality, kLight, kLoudness };
inline constexpr size_t kSimMetrics = 5;
std::string_view SimMetricName(SimMetric metric);

using SimValues = std::array<int32_t, kSimMetrics>;

/// What faults are measured by: the ordinary swing over a day and deviation of the noise.
struct SimScale {
  int32_t amplitude = 0;
  int32_t noise = 0;
};
SimScale ScaleOf(SimMetric metric);

/// Sine of `turn` / 65536 of a circle, times 32768 (accurate to 0.2 %).
int32_t SinTurn(uint32_t turn);

/// One device. Every value is a pure function of seed, device and step: Seek costs at most a few
/// hundred steps of the noise. Owned by one thread.
class SimDevice {
 public:
  /// `site_key`: what all devices share, the weather.
  SimDevice(uint64_t key, uint64_t site_key);

  /// Makes `step` the next one.
  void Seek(int64_t step);
  /// Values of the next step; `time_us` is its event time.
  SimValues Next(int64_t time_us);

  /// Values at `time_us` without the noise.
  SimValues Clean(int64_t time_us) const;

 private:
  struct Noise {
    int32_t temperature = 0, humidity = 0, light = 0;  // 16 fractional bits of a hundredth
  };
  void Restart(int64_t step);
  void AdvanceNoise(int64_t step);
  int64_t Weather(int64_t time_us) const;

  uint64_t key_;
  uint64_t site_key_;
  int32_t phase_;  // of 65536
  int32_t gain_;   // of 1024
  SimValues offset_;
  int64_t step_ = 0;
  Noise noise_;
};

}  // namespace avocet
