#include "src/cli/detection_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "src/base/time_format.h"
#include "src/cli/human_number.h"
#include "src/cli/report_html.h"
#include "src/cli/series_chart.h"
#include "src/env/env.h"

namespace avocet {
namespace {

constexpr size_t kMostCharts = 24;
constexpr size_t kChartsPerMetric = 4;
constexpr size_t kMostRows = 200;

using Entry = std::pair<const DetectionFindings::SeriesKey, SeriesFindings>;

std::string MetricName(const std::string& metric) {
  return metric.empty() ? "<i>the device</i>" : EscapeHtml(metric);
}

class Page {
 public:
  explicit Page(const DetectionPage& page) : page_(page), findings_(*page.findings) {}

  std::string Html() {
    Head();
    Tiles();
    Metrics();
    Charts();
    Strangest();
    return html_.Take();
  }

 private:
  void Head() {
    const int64_t made_us = Env::Posix()->NowMicros();
    html_.Add(
        "<div><h1>What detectors find</h1><p class=muted><code>{}</code>, {} to {}, judged by {}. "
        "Made {}.</p></div>",
        EscapeHtml(page_.input), FormatTimestamp(findings_.first_us()),
        FormatTimestamp(findings_.last_us()), EscapeHtml(page_.detectors),
        FormatTimestamp(made_us / 1'000'000 * 1'000'000));
  }

  void Tiles() {
    html_.Add("<div class=tiles>");
    html_.Tile("anomalies", WithThousands(findings_.anomalies()));
    const double rate = findings_.PerDeviceDay();
    html_.Tile("per device and day", std::isnan(rate) ? "&ndash;" : fmt::format("{:.2g}", rate));
    html_.Tile("values judged", WithThousands(page_.report.values));
    html_.Tile("devices", WithThousands(page_.report.devices));
    if (page_.report.duplicates > 0)
      html_.Tile("came twice", WithThousands(page_.report.duplicates));
    if (page_.report.quarantined > 0) {
      html_.Tile("records left out", WithThousands(page_.report.quarantined));
    }
    html_.Add("</div>");
  }

  void Metrics() {
    html_.Add(
        "<section><h2>By metric</h2><table><tr><th>Metric<th class=n>Values<th "
        "class=n>Anomalies<th>Kinds<th>The strangest</tr>");
    for (const auto& [name, metric] : findings_.metrics()) {
      html_.Add("<tr><td>{}<td class=n>{}<td class=n>{}<td>{}<td class=what>", MetricName(name),
                WithThousands(metric.values), WithThousands(metric.anomalies),
                EscapeHtml(TypesText(metric.types)));
      if (metric.anomalies > 0) {
        html_.Add("{} at {}: {}", EscapeHtml(metric.strangest.device),
                  FormatTimestamp(metric.strangest.event_time_us),
                  EscapeHtml(FoundText(metric.strangest)));
      } else {
        html_.Add("&ndash;");
      }
      html_.Add("</tr>");
    }
    html_.Add("</table></section>");
  }

  // Of each metric the devices with the most anomalies; a calm one shows what ordinary looks like.
  void Charts() {
    std::map<std::string, std::vector<const Entry*>> metrics;
    for (const Entry& entry : findings_.series()) {
      if (!entry.second.sketch.columns().empty()) metrics[entry.first.first].push_back(&entry);
    }
    size_t charts = 0;
    for (auto& [metric, entries] : metrics) {
      std::stable_sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
        return a->second.anomalies > b->second.anomalies;
      });
      for (size_t i = 0; i < std::min(entries.size(), kChartsPerMetric); ++i) {
        if (i > 0 && entries[i]->second.anomalies == 0) break;
        if (++charts > kMostCharts) break;
        Chart(*entries[i]);
      }
    }
    if (!findings_.has_all_series()) {
      html_.Add("<p class=muted>Charts are of the first {} series; all are counted.</p>",
                WithThousands(DetectionFindings::kMostSeries));
    }
  }

  void Chart(const Entry& entry) {
    const auto& [key, series] = entry;
    const std::string title =
        fmt::format("{} of {}", MetricName(key.first), EscapeHtml(key.second));
    html_.Add("<section><h2>{} <span class=muted>&middot; {} {}</span></h2>", title,
              WithThousands(series.anomalies), series.anomalies == 1 ? "anomaly" : "anomalies");
    html_.Add(SeriesChart(series.sketch, series.strongest, key.first + " of " + key.second));
    html_.Add(
        "<div class=legend><span><i style=\"background:var(--text)\"></i>measured</span>"
        "<span><i style=\"background:var(--now)\"></i>expected, with the band of ordinary values"
        "</span><span><i style=\"background:var(--critical);border-radius:50%\"></i>an anomaly "
        "begins</span></div></section>");
  }

  void Strangest() {
    std::vector<const FoundAnomaly*> found;
    for (const auto& [key, series] : findings_.series()) {
      for (const FoundAnomaly& anomaly : series.strongest) found.push_back(&anomaly);
    }
    std::stable_sort(found.begin(), found.end(), [](const FoundAnomaly* a, const FoundAnomaly* b) {
      return a->score > b->score;
    });
    if (found.empty()) return;
    if (found.size() > kMostRows) found.resize(kMostRows);
    html_.Add(
        "<section><h2>The strangest</h2><table><tr><th class=n>Begins<th>Device<th>Metric<th>Kind"
        "<th>Measured<th class=n>Score</tr>");
    for (const FoundAnomaly* anomaly : found) {
      html_.Add("<tr><td class=n>{}<td>{}<td>{}<td>{}<td class=what>{}<td class=n>{:.3g}</tr>",
                FormatTimestamp(anomaly->event_time_us), EscapeHtml(anomaly->device),
                MetricName(anomaly->metric), EscapeHtml(anomaly->type),
                EscapeHtml(FoundText(*anomaly)), anomaly->score);
    }
    html_.Add("</table>");
    if (findings_.anomalies() > found.size()) {
      html_.Add("<p class=muted>and {} more</p>",
                WithThousands(findings_.anomalies() - found.size()));
    }
    html_.Add("</section>");
  }

  const DetectionPage& page_;
  const DetectionFindings& findings_;
  ReportHtml html_{"What detectors find"};
};

}  // namespace

Status WriteDetectionPage(const std::string& path, const DetectionPage& page) {
  return Env::Posix()->PutDurably(path, Page(page).Html(), PutMode::kReplace);
}

}  // namespace avocet
