#include "src/server/alert_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "src/base/civil_time.h"
#include "src/base/time_format.h"
#include "src/server/png_image.h"

namespace avocet {
namespace {

constexpr int kWidth = 640, kHeight = 240;
constexpr int kLeft = 84, kRight = kWidth - 12, kTop = 12, kBottom = kHeight - 24;
constexpr size_t kColumns = kRight - kLeft + 1;
constexpr size_t kEnoughReadings = 120;
// A chart begins so long before its alert: the first of these in which there are enough readings.
constexpr int64_t kSpans[] = {kMicrosPerHour, 6 * kMicrosPerHour, kMicrosPerDay, 7 * kMicrosPerDay};

constexpr Rgb kPaper{255, 255, 255}, kGrid{226, 229, 233}, kInk{90, 98, 110};
constexpr Rgb kBand{221, 233, 248}, kValue{31, 95, 191}, kLimit{214, 140, 20}, kAlert{200, 22, 29};

// From values and times to pixels.
class Scale {
 public:
  Scale(int64_t from_us, int64_t to_us) : from_us_(from_us), to_us_(to_us) {}

  void Include(double value) {
    if (!std::isfinite(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  void Finish() {
    if (low_ > high_) low_ = high_ = 0;
    const double margin =
        high_ > low_ ? 0.05 * (high_ - low_) : std::max(1.0, std::abs(high_) / 10);
    low_ -= margin;
    high_ += margin;
  }

  int X(int64_t time_us) const {
    const double share =
        static_cast<double>(time_us - from_us_) / static_cast<double>(to_us_ - from_us_);
    return kLeft + static_cast<int>(std::lround(share * (kRight - kLeft)));
  }
  int Y(double value) const {
    const double share = std::clamp((value - low_) / (high_ - low_), 0.0, 1.0);
    return kBottom - static_cast<int>(std::lround(share * (kBottom - kTop)));
  }
  double At(double share) const { return low_ + share * (high_ - low_); }

 private:
  int64_t from_us_, to_us_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

void DrawAxes(const Scale& scale, int64_t from_us, int64_t to_us, PngImage* image) {
  for (const double share : {0.0, 0.5, 1.0}) {
    const double value = scale.At(share);
    const int y = scale.Y(value);
    image->Fill(kLeft, y, kRight, y, kGrid);
    const std::string text = fmt::format("{:.4g}", value);
    image->Text(kLeft - 8 - PngImage::TextWidth(text), y - PngImage::kTextHeight / 2, text, kInk);
    const int64_t time_us =
        from_us + static_cast<int64_t>(share * static_cast<double>(to_us - from_us));
    const std::string clock = FormatTimestamp(time_us).substr(11, 5);
    const int x = std::min(scale.X(time_us), kRight - PngImage::TextWidth(clock));
    image->Text(x, kBottom + 8, clock, kInk);
  }
}

void DrawBand(const SeriesBuckets::Answer& series, const Scale& scale, PngImage* image) {
  const SeriesBuckets::Metric& metric = series.metrics.front();
  if (std::isnan(metric.spread)) return;
  for (size_t i = 0; i < series.time_us.size(); ++i) {
    if (std::isnan(metric.expected[i])) continue;
    const int left = scale.X(series.time_us[i]);
    const int right = i + 1 < series.time_us.size() ? scale.X(series.time_us[i + 1]) : left;
    image->Fill(left, scale.Y(metric.expected[i] - metric.spread), std::max(left, right - 1),
                scale.Y(metric.expected[i] + metric.spread), kBand);
  }
}

void DrawValues(const SeriesBuckets::Answer& series, const Scale& scale, PngImage* image) {
  const SeriesBuckets::Metric& metric = series.metrics.front();
  bool is_first = true;
  int last_x = 0, last_y = 0;
  for (size_t i = 0; i < series.time_us.size(); ++i) {
    if (std::isnan(metric.mean[i])) continue;
    const int x = scale.X(series.time_us[i]), y = scale.Y(metric.mean[i]);
    image->Line(x, scale.Y(metric.min[i]), x, scale.Y(metric.max[i]), kValue);
    if (!is_first) image->Line(last_x, last_y, x, y, kValue);
    is_first = false;
    last_x = x;
    last_y = y;
  }
}

void DrawAlert(const AlertChange& change, const Scale& scale, PngImage* image) {
  for (const double limit : {change.strongest.lower, change.strongest.upper}) {
    if (!std::isfinite(limit)) continue;
    for (int x = kLeft; x <= kRight; x += 8)
      image->Fill(x, scale.Y(limit), x + 4, scale.Y(limit), kLimit);
  }
  const int x = scale.X(change.event_time_us);
  for (int y = kTop; y <= kBottom; y += 6) image->Fill(x, y, x, y + 2, kAlert);
  if (!std::isfinite(change.strongest.value)) return;
  const int y = scale.Y(change.strongest.value);
  image->Fill(x - 3, y - 3, x + 3, y + 3, kAlert);
}

}  // namespace

std::string DrawAlertChart(const SeriesBuckets::Answer& series, int64_t from_us, int64_t to_us,
                           const AlertChange& change) {
  const SeriesBuckets::Metric& metric = series.metrics.front();
  Scale scale(from_us, to_us);
  for (const double value : metric.min) scale.Include(value);
  for (const double value : metric.max) scale.Include(value);
  for (const double value :
       {change.strongest.value, change.strongest.lower, change.strongest.upper}) {
    scale.Include(value);
  }
  scale.Finish();
  PngImage image(kWidth, kHeight, kPaper);
  DrawBand(series, scale, &image);
  DrawAxes(scale, from_us, to_us, &image);
  DrawValues(series, scale, &image);
  DrawAlert(change, scale, &image);
  return image.Encode();
}

std::string AlertChart(const LiveFleet& fleet, const AlertChange& change) {
  const std::vector<std::string> metrics = fleet.metrics();
  const auto found = std::find(metrics.begin(), metrics.end(), change.metric);
  if (change.device.empty() || found == metrics.end()) return "";
  const std::vector<size_t> index = {static_cast<size_t>(found - metrics.begin())};
  const int64_t to_us = change.event_time_us + 1;
  for (const int64_t span : kSpans) {
    const int64_t from_us = to_us - span;
    SeriesBuckets buckets(from_us, to_us, kColumns, 1);
    fleet.AddReadings(change.device, index, from_us, &buckets);
    const SeriesBuckets::Answer series = buckets.Finish();
    const bool is_last = span == kSpans[std::size(kSpans) - 1];
    if (series.readings < kEnoughReadings && !is_last) continue;
    return series.readings == 0 ? "" : DrawAlertChart(series, from_us, to_us, change);
  }
  return "";
}

}  // namespace avocet
