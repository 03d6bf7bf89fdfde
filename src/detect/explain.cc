#include "src/detect/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/base/decimal_text.h"

namespace avocet {
namespace {

constexpr double kLargestPlain = 1e15;  // beyond it digits after the point mean nothing

}  // namespace

std::string ReadingText(double value) {
  std::string text;
  AppendTenDigits(value, &text);
  return text;
}

std::string ComputedText(double value, double width) {
  if (!std::isfinite(value) || std::abs(value) >= kLargestPlain) {
    return fmt::format("{:.4g}", value);
  }
  if (!(width > 0) || !std::isfinite(width)) return ReadingText(value);
  // A narrow band near zero would show as zeros only.
  if (value != 0 && std::abs(value) < 1e-9) return fmt::format("{:.4g}", value);
  std::string text;
  AppendFixed(value, std::clamp(1 - static_cast<int>(std::floor(std::log10(width))), 0, 9), &text);
  return text;
}

std::string RatioText(double value) {
  if (!(std::abs(value) < 1e6)) return fmt::format("{:.3g}", value);
  std::string text;
  AppendFixed(value, std::abs(value) >= 100 ? 0 : 1, &text);
  return text;
}

std::string BandText(const Anomaly& anomaly) {
  const double width = anomaly.upper - anomaly.lower;
  return Concatenated({" (expected ", ComputedText(anomaly.lower, width), " to ",
                       ComputedText(anomaly.upper, width), ")"});
}

std::string DistanceText(const Anomaly& anomaly, double multiple, std::string_view unit) {
  return Concatenated(
      {RatioText(multiple), " ", unit, anomaly.value > anomaly.expected ? " above" : " below"});
}

std::string Concatenated(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text.append(part);
  return text;
}

}  // namespace avocet
