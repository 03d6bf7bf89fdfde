#include "src/cli/series_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/base/time_format.h"
#include "src/cli/report_html.h"

namespace avocet {
namespace {

constexpr double kWidth = 960, kHeight = 190, kLeft = 58, kTop = 8, kBottom = 22;
constexpr double kPlot = kHeight - kTop - kBottom;
// Columns this many times the usual distance apart are not joined by a line.
constexpr size_t kGap = 6;

class Chart {
 public:
  explicit Chart(const SeriesSketch& sketch) : sketch_(sketch) {
    FindScale();
    FindGap();
  }

  std::string Svg(const std::vector<FoundAnomaly>& anomalies, const std::string& label) {
    svg_ = fmt::format("<svg class=chart viewBox=\"0 0 {} {}\" role=img aria-label=\"{}\">", kWidth,
                       kHeight, EscapeHtml(label));
    Axes();
    Band();
    Path("expected", [](const SketchColumn& c) { return std::pair(c.expected, c.expected); });
    Path("value", [](const SketchColumn& c) { return std::pair(c.min, c.max); });
    for (const FoundAnomaly& anomaly : anomalies) Mark(anomaly);
    return svg_ + "</svg>";
  }

 private:
  // From nearly the smallest to nearly the largest value, and where there are values beyond, once
  // and a half of that more.
  void FindScale() {
    std::vector<double> values;
    for (const SketchColumn& column : sketch_.columns()) {
      for (const double value : {column.min, column.max}) {
        if (std::isfinite(value)) values.push_back(value);
      }
    }
    std::sort(values.begin(), values.end());
    if (values.empty()) return;
    const size_t cut = values.size() / 50;
    const double low = values[cut], high = values[values.size() - 1 - cut];
    const double more =
        std::max(1.5 * (high - low), 0.05 * std::max(std::abs(low), std::abs(high)));
    low_ = std::max(values.front(), low - more);
    high_ = std::min(values.back(), high + more);
    if (low_ == high_) {
      const double room = std::max(std::abs(low_) * 0.05, 1e-9);
      low_ -= room;
      high_ += room;
    }
  }

  void FindGap() {
    std::vector<size_t> steps;
    size_t last = 0;
    for (size_t i = 1; i < sketch_.columns().size(); ++i) {
      if (sketch_.columns()[i].is_empty()) continue;
      steps.push_back(i - last);
      last = i;
    }
    if (steps.empty()) return;
    std::nth_element(steps.begin(), steps.begin() + static_cast<ptrdiff_t>(steps.size() / 2),
                     steps.end());
    gap_ = kGap * steps[steps.size() / 2];
  }

  double X(double column) const {
    return kLeft +
           (kWidth - kLeft) * (column + 0.5) / static_cast<double>(sketch_.columns().size());
  }
  double Y(double value) const {
    // Halves, as the difference of two doubles may be no double.
    const double share = (value / 2 - low_ / 2) / (high_ / 2 - low_ / 2);
    return kTop + kPlot * (1 - std::clamp(share, 0.0, 1.0));
  }

  void Axes() {
    for (const double share : {0.0, 0.5, 1.0}) {
      const double value = low_ * (1 - share) + high_ * share;
      const double y = kTop + kPlot * (1 - share);
      svg_ += fmt::format(
          "<line class=ax x1={} x2={} y1={:.1f} y2={:.1f} /><text x={} y={:.1f} "
          "text-anchor=end>{:.4g}</text>",
          kLeft, kWidth, y, y, kLeft - 6, y + 4, value);
    }
    const int64_t end_us =
        sketch_.begin_us() + sketch_.column_us() * static_cast<int64_t>(sketch_.columns().size());
    svg_ += fmt::format("<text x={} y={}>{}</text><text x={} y={} text-anchor=end>{}</text>", kLeft,
                        kHeight - 4, FormatTimestamp(sketch_.begin_us() / 1'000'000 * 1'000'000),
                        kWidth, kHeight - 4, FormatTimestamp(end_us / 1'000'000 * 1'000'000));
  }

  void Band() {
    std::string upper, lower;
    const auto close = [&] {
      if (!upper.empty()) svg_ += fmt::format("<path class=band d=\"M{}{}Z\"/>", upper, lower);
      upper.clear();
      lower.clear();
    };
    size_t last = 0;
    for (size_t i = 0; i < sketch_.columns().size(); ++i) {
      const SketchColumn& column = sketch_.columns()[i];
      if (column.is_empty()) continue;
      if (std::isnan(column.lower) || std::isnan(column.upper) || i - last > gap_) close();
      last = i;
      if (std::isnan(column.lower) || std::isnan(column.upper)) continue;
      const double x = X(static_cast<double>(i));
      upper += fmt::format("{}{:.1f} {:.1f}", upper.empty() ? "" : "L", x, Y(column.upper));
      lower.insert(0, fmt::format("L{:.1f} {:.1f}", x, Y(column.lower)));
    }
    close();
  }

  // `range`: what a column shows, from one value to another.
  template <typename Range>
  void Path(std::string_view kind, Range range) {
    std::string path;
    size_t last = 0;
    double pen = 0;
    for (size_t i = 0; i < sketch_.columns().size(); ++i) {
      auto [from, to] = range(sketch_.columns()[i]);
      if (std::isnan(from)) continue;
      const bool is_joined = !path.empty() && i - last <= gap_;
      if (std::abs(pen - from) > std::abs(pen - to)) std::swap(from, to);
      const double x = X(static_cast<double>(i));
      path += fmt::format("{}{:.1f} {:.1f}", is_joined ? "L" : "M", x, Y(from));
      if (Y(from) != Y(to)) path += fmt::format("L{:.1f} {:.1f}", x, Y(to));
      pen = to;
      last = i;
    }
    if (!path.empty()) svg_ += fmt::format("<path class={} d=\"{}\"/>", kind, path);
  }

  void Mark(const FoundAnomaly& anomaly) {
    const double column = static_cast<double>(anomaly.event_time_us - sketch_.begin_us()) /
                          static_cast<double>(sketch_.column_us());
    const double last = static_cast<double>(sketch_.columns().size() - 1);
    const double x = X(std::clamp(std::floor(column), 0.0, last));
    const double y = std::isnan(anomaly.value) ? kTop + kPlot : Y(anomaly.value);
    svg_ += fmt::format(
        "<circle class=mark cx={:.1f} cy={:.1f} r=4.5><title>{} {}: {}, score "
        "{:.3g}</title></circle>",
        x, y, FormatTimestamp(anomaly.event_time_us), EscapeHtml(anomaly.type),
        EscapeHtml(FoundText(anomaly)), anomaly.score);
  }

  const SeriesSketch& sketch_;
  double low_ = 0, high_ = 1;
  size_t gap_ = SeriesSketch::kColumns;
  std::string svg_;
};

}  // namespace

std::string SeriesChart(const SeriesSketch& sketch, const std::vector<FoundAnomaly>& anomalies,
                        const std::string& label) {
  return Chart(sketch).Svg(anomalies, label);
}

}  // namespace avocet
