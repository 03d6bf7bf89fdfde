#include "src/detect/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace avocet {
namespace {

constexpr double kLargestPlain = 1e15;  // beyond it digits after the point mean nothing

}  // namespace

std::string ReadingText(double value) { return fmt::format("{:.10g}", value); }

std::string ComputedText(double value, double width) {
  if (!std::isfinite(value) || std::abs(value) >= kLargestPlain) {
    return fmt::format("{:.4g}", value);
  }
  if (!(width > 0) || !std::isfinite(width)) return ReadingText(value);
  const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(width))), 0, 9);
  const std::string text = fmt::format("{:.{}f}", value, decimals);
  // A narrow band near zero would show as zeros only.
  return value != 0 && std::abs(value) < 1e-9 ? fmt::format("{:.4g}", value) : text;
}

std::string RatioText(double value) {
  if (std::abs(value) >= 1e6) return fmt::format("{:.3g}", value);
  return std::abs(value) >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

std::string BandText(const Anomaly& anomaly) {
  const double width = anomaly.upper - anomaly.lower;
  return fmt::format(" (expected {} to {})", ComputedText(anomaly.lower, width),
                     ComputedText(anomaly.upper, width));
}

std::string DistanceText(const Anomaly& anomaly, double multiple, std::string_view unit) {
  return fmt::format("{} {} {}", RatioText(multiple), unit,
                     anomaly.value > anomaly.expected ? "above" : "below");
}

}  // namespace avocet
