#include "src/cli/backtest_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "src/alert/alert_text.h"
#include "src/base/time_format.h"
#include "src/cli/human_number.h"
#include "src/cli/report_html.h"

namespace avocet {
namespace {

constexpr size_t kBuckets = 60;
constexpr size_t kMostDevices = 15;
constexpr size_t kMostAlerts = 200;
constexpr int kWidth = 960;

std::string Number(int64_t value) {
  return (value < 0 ? "-" : "") + WithThousands(static_cast<uint64_t>(std::abs(value)));
}

/// "12", or "12 -> 7" when there is something to compare with.
std::string Compared(int64_t now, const int64_t* base) {
  if (base == nullptr) return Number(now);
  return fmt::format("<span class=muted>{} &rarr;</span> {}", Number(*base), Number(now));
}

class Page {
 public:
  explicit Page(const BacktestPage& page) : page_(page), now_(*page.now), base_(page.base) {
    from_us_ = now_.result.first_us.value_or(0);
    to_us_ = std::max(now_.result.last_us.value_or(0), from_us_ + 1);
  }

  std::string Html() {
    Head();
    Tiles();
    Chart();
    Lanes();
    Rules();
    Channels();
    Score();
    if (base_ != nullptr) {
      Only("Alerts that would not have been", *base_, now_);
      Only("Alerts that would have been new", now_, *base_);
    } else {
      Only("Alerts", now_, BacktestSummary());
    }
    return html_.Take();
  }

 private:
  void Head() {
    html_.Add(
        "<div><h1>Backtest of alerts</h1><p class=muted>{} to {}, {} readings of {} devices in "
        "<code>{}</code>. ",
        FormatTimestamp(from_us_), FormatTimestamp(to_us_),
        WithThousands(static_cast<uint64_t>(now_.result.wanted_rows)),
        WithThousands(now_.result.devices), EscapeHtml(page_.lake));
    html_.Add("Configuration <code>{}</code>", ConfigName(now_));
    if (base_ != nullptr) html_.Add(", compared with <code>{}</code>", ConfigName(*base_));
    html_.Add(". Made {}; nothing was sent.</p></div>", FormatTimestamp(page_.made_us));
  }

  static std::string ConfigName(const BacktestSummary& summary) {
    return summary.config_file.empty() ? "built-in defaults" : EscapeHtml(summary.config_file);
  }

  void Tile(std::string_view name, int64_t AlertTally::*count) {
    const int64_t* base = base_ == nullptr ? nullptr : &(base_->all.*count);
    html_.Tile(name, Compared(now_.all.*count, base));
  }

  void Tiles() {
    html_.Add("<div class=tiles>");
    Tile("alerts fired", &AlertTally::fired);
    Tile("cleared", &AlertTally::cleared);
    Tile("flapping", &AlertTally::flapping);
    Tile("did not last", &AlertTally::never_fired);
    Tile("silenced by mutes", &AlertTally::silenced);
    Tile("open at the end", &AlertTally::open);
    html_.Add("</div>");
  }

  std::vector<int64_t> PerBucket(const BacktestSummary& summary) const {
    std::vector<int64_t> buckets(kBuckets);
    for (const FiredAlert& alert : summary.fired) {
      ++buckets[BucketOf(alert.first.event_time_us)];
    }
    return buckets;
  }

  double Share(int64_t time_us) const {
    const double share =
        static_cast<double>(time_us - from_us_) / static_cast<double>(to_us_ - from_us_);
    return std::clamp(share, 0.0, 1.0);
  }
  size_t BucketOf(int64_t time_us) const {
    return std::min(static_cast<size_t>(Share(time_us) * kBuckets), kBuckets - 1);
  }

  void Legend() {
    if (base_ == nullptr) return;
    html_.Add(
        "<div class=legend><span><i style=\"background:var(--base)\"></i>compared with</span>"
        "<span><i style=\"background:var(--now)\"></i>this configuration</span></div>");
  }

  // Alerts over time, one pair of bars for each sixtieth of the range.
  void Chart() {
    constexpr int kHeight = 180, kLeft = 34, kBottom = 22;
    const std::vector<int64_t> now = PerBucket(now_);
    const std::vector<int64_t> base = base_ == nullptr ? std::vector<int64_t>() : PerBucket(*base_);
    int64_t most = 1;
    for (const int64_t count : now) most = std::max(most, count);
    for (const int64_t count : base) most = std::max(most, count);
    const double step = static_cast<double>(kWidth - kLeft) / kBuckets;
    const double plot = kHeight - kBottom - 8;
    html_.Add(
        "<section><h2>Alerts over time</h2><svg viewBox=\"0 0 {} {}\" role=img aria-label=\"Alerts "
        "over time, at most {} in one bar\">",
        kWidth, kHeight, most);
    for (const int64_t mark : std::set<int64_t>{0, most / 2, most}) {
      const double y = 8 + plot * (1 - static_cast<double>(mark) / static_cast<double>(most));
      html_.Add(
          "<line class=ax x1={} x2={} y1={:.1f} y2={:.1f} /><text x={} y={:.1f} "
          "text-anchor=end>{}</text>",
          kLeft, kWidth, y, y, kLeft - 6, y + 4, Number(mark));
    }
    for (size_t i = 0; i < kBuckets; ++i) {
      const int64_t begin_us =
          from_us_ + static_cast<int64_t>(static_cast<double>(to_us_ - from_us_) *
                                          static_cast<double>(i) / kBuckets);
      const double x = kLeft + step * static_cast<double>(i);
      const double width = base.empty() ? step * 0.8 : step * 0.4;
      if (!base.empty()) Bar(x, width, plot, base[i], most, "bb", begin_us);
      Bar(base.empty() ? x : x + width, width, plot, now[i], most, "bn", begin_us);
    }
    html_.Add("<text x={} y={}>{}</text><text x={} y={} text-anchor=end>{}</text></svg>", kLeft,
              kHeight - 4, FormatTimestamp(from_us_), kWidth, kHeight - 4, FormatTimestamp(to_us_));
    Legend();
    html_.Add("</section>");
  }

  void Bar(double x, double width, double plot, int64_t count, int64_t most, std::string_view kind,
           int64_t begin_us) {
    if (count == 0) return;
    const double height = plot * static_cast<double>(count) / static_cast<double>(most);
    html_.Add(
        "<rect class={} x={:.1f} y={:.1f} width={:.1f} height={:.1f}><title>from {}: "
        "{}</title></rect>",
        kind, x, 8 + plot - height, width, height, FormatTimestamp(begin_us), Number(count));
  }

  // When alerts of the devices with the most of them fired, and how long.
  void Lanes() {
    std::map<std::string, int64_t> counts = now_.fires_per_device;
    if (base_ != nullptr) {
      for (const auto& [device, fires] : base_->fires_per_device) {
        counts[device] = std::max(counts[device], fires);
      }
    }
    std::vector<std::pair<int64_t, std::string>> devices;
    for (const auto& [device, fires] : counts) devices.emplace_back(-fires, device);
    std::sort(devices.begin(), devices.end());
    if (devices.size() > kMostDevices) devices.resize(kMostDevices);
    if (devices.empty()) return;
    constexpr int kLeft = 190, kRow = 26;
    const int height = static_cast<int>(devices.size()) * kRow + 22;
    html_.Add(
        "<section><h2>Devices with the most alerts</h2><svg viewBox=\"0 0 {} {}\" role=img "
        "aria-label=\"When alerts of each device fired\">",
        kWidth, height);
    for (size_t i = 0; i < devices.size(); ++i) {
      const double y = static_cast<double>(i) * kRow;
      constexpr size_t kMostName = 26;
      const std::string name =
          devices[i].second.empty() ? "the fleet" : CutText(devices[i].second, kMostName);
      html_.Add(
          "<text x={} y={:.1f} text-anchor=end>{}</text><line class=ax x1={} x2={} y1={:.1f} "
          "y2={:.1f} />",
          kLeft - 8, y + 17, EscapeHtml(name), kLeft, kWidth, y + kRow - 1, y + kRow - 1);
      if (base_ != nullptr) Spans(*base_, devices[i].second, kLeft, y + 4, 8, "bb");
      Spans(now_, devices[i].second, kLeft, base_ == nullptr ? y + 6 : y + 13,
            base_ == nullptr ? 14 : 8, "bn");
    }
    html_.Add("<text x={} y={}>{}</text><text x={} y={} text-anchor=end>{}</text></svg>", kLeft,
              height - 4, FormatTimestamp(from_us_), kWidth, height - 4, FormatTimestamp(to_us_));
    Legend();
    html_.Add("</section>");
  }

  void Spans(const BacktestSummary& summary, const std::string& device, int left, double y,
             int height, std::string_view kind) {
    const double scale = kWidth - left;
    for (const FiredAlert& alert : summary.fired) {
      if (alert.first.device != device) continue;
      const double x = left + scale * Share(alert.first.event_time_us);
      const double end = left + scale * Share(alert.over_us.value_or(to_us_));
      html_.Add(
          "<rect class={} x={:.1f} y={:.1f} width={:.1f} height={} rx=2><title>{} {}: "
          "{}</title></rect>",
          kind, x, y, std::max(2.0, end - x), height, FormatTimestamp(alert.first.event_time_us),
          EscapeHtml(alert.first.rule), EscapeHtml(alert.first.reason));
    }
  }

  void Rules() {
    html_.Add(
        "<section><h2>Rules</h2><table><tr><th>Rule<th class=n>Fired<th class=n>Cleared<th "
        "class=n>Flapping<th class=n>Did not last<th class=n>Silenced<th class=n>Open</tr>");
    std::set<std::string> names;
    for (const auto& [name, tally] : now_.rules) names.insert(name);
    if (base_ != nullptr) {
      for (const auto& [name, tally] : base_->rules) names.insert(name);
    }
    const auto find = [](const BacktestSummary& summary, const std::string& name) {
      const auto found = summary.rules.find(name);
      return found == summary.rules.end() ? AlertTally() : found->second;
    };
    for (const std::string& name : names) {
      const AlertTally now = find(now_, name);
      const AlertTally base = base_ == nullptr ? AlertTally() : find(*base_, name);
      html_.Add("<tr><td>{}", EscapeHtml(name));
      for (const auto count :
           {&AlertTally::fired, &AlertTally::cleared, &AlertTally::flapping,
            &AlertTally::never_fired, &AlertTally::silenced, &AlertTally::open}) {
        html_.Add("<td class=n>{}",
                  Compared(now.*count, base_ == nullptr ? nullptr : &(base.*count)));
      }
      html_.Add("</tr>");
    }
    html_.Add("</table></section>");
  }

  void Channels() {
    html_.Add("<section><h2>Messages that channels would have sent</h2>");
    if (now_.channels.empty()) {
      html_.Add(
          "<p class=muted>The configuration has no channels: nobody would have been "
          "told.</p></section>");
      return;
    }
    html_.Add(
        "<table><tr><th>Channel<th class=n>Single messages<th class=n>Digests<th "
        "class=n>Changes in digests<th class=n>Silenced</tr>");
    for (const ChannelForecast& channel : now_.channels) {
      const ChannelForecast* base = nullptr;
      if (base_ != nullptr) {
        const auto found =
            std::find_if(base_->channels.begin(), base_->channels.end(),
                         [&](const ChannelForecast& c) { return c.channel == channel.channel; });
        if (found != base_->channels.end()) base = &*found;
      }
      html_.Add("<tr><td>{}", EscapeHtml(channel.channel));
      for (const auto count : {&ChannelForecast::messages, &ChannelForecast::digests,
                               &ChannelForecast::digested, &ChannelForecast::silenced}) {
        html_.Add("<td class=n>{}",
                  Compared(channel.*count, base == nullptr ? nullptr : &(base->*count)));
      }
      html_.Add("</tr>");
    }
    html_.Add("</table></section>");
  }

  static std::string Rate(double value) {
    return std::isnan(value) ? "&ndash;" : fmt::format("{:.3f}", value);
  }
  static std::string Delay(const FaultScore& score) {
    const double seconds = Quantile(score.all.delays_s, 0.5);
    if (std::isnan(seconds)) return "&ndash;";
    return FormatDuration(static_cast<int64_t>(std::llround(seconds)) * 1'000'000);
  }

  void ScoreRow(std::string_view name, const BacktestSummary& summary) {
    html_.Add("<tr><td>{}", name);
    if (summary.score) {
      const FaultScore& score = *summary.score;
      html_.Add("<td class=n>{} of {}<td class=n>{}<td class=n>{}<td class=n>{}", score.all.found,
                score.all.faults, Rate(score.Recall()), Rate(score.Precision()), Delay(score));
    } else {
      html_.Add("<td class=n>&ndash;<td class=n>&ndash;<td class=n>&ndash;<td class=n>&ndash;");
    }
    html_.Add("<td class=n>{}<td class=n>{}</tr>", Number(summary.true_positives),
              Number(summary.false_positives));
  }

  void Score() {
    const bool is_labelled =
        now_.false_positives + now_.true_positives > 0 ||
        (base_ != nullptr && base_->false_positives + base_->true_positives > 0);
    if (!now_.score && !is_labelled) return;
    html_.Add(
        "<section><h2>How right they are</h2><table><tr><th><th class=n>Faults found<th "
        "class=n>Recall<th class=n>Precision<th class=n>Median delay<th class=n>Labelled "
        "true<th class=n>Labelled false</tr>");
    if (base_ != nullptr) ScoreRow("Compared with", *base_);
    ScoreRow("This configuration", now_);
    html_.Add("</table></section>");
  }

  /// Alerts of `some` that are not in `others`.
  void Only(std::string_view title, const BacktestSummary& some, const BacktestSummary& others) {
    std::set<std::string> known;
    for (const FiredAlert& alert : others.fired) known.insert(alert.first.id);
    std::vector<const FiredAlert*> only;
    for (const FiredAlert& alert : some.fired) {
      if (!known.contains(alert.first.id)) only.push_back(&alert);
    }
    html_.Add("<section><h2>{}: {}</h2>", title, Number(static_cast<int64_t>(only.size())));
    if (only.empty()) {
      html_.Add("<p class=muted>none</p></section>");
      return;
    }
    html_.Add(
        "<table><tr><th>Fired<th>Severity<th>Rule<th>Device<th>Metric<th>What<th "
        "class=n>Score</tr>");
    for (size_t i = 0; i < std::min(only.size(), kMostAlerts); ++i) {
      const AlertChange& change = only[i]->first;
      const std::string_view severity = AlertSeverityName(change.severity);
      const std::string label =
          only[i]->label.empty() ? "" : " <span class=muted>(" + only[i]->label + ")</span>";
      html_.Add(
          "<tr><td class=n>{}<td class=s-{}>{}<td>{}<td>{}<td>{}<td class=what>{}{}<td "
          "class=n>{:.3g}</tr>",
          FormatTimestamp(change.event_time_us), severity, severity, EscapeHtml(change.rule),
          change.device.empty() ? "the fleet" : EscapeHtml(change.device),
          change.metric.empty() ? "&ndash;" : EscapeHtml(change.metric), EscapeHtml(change.reason),
          label, change.strongest.score);
    }
    html_.Add("</table>");
    if (only.size() > kMostAlerts) {
      html_.Add("<p class=muted>and {} more</p>",
                Number(static_cast<int64_t>(only.size() - kMostAlerts)));
    }
    html_.Add("</section>");
  }

  const BacktestPage& page_;
  const BacktestSummary& now_;
  const BacktestSummary* const base_;
  int64_t from_us_ = 0;
  int64_t to_us_ = 0;
  ReportHtml html_{"Backtest of alerts"};
};

}  // namespace

std::string BacktestHtml(const BacktestPage& page) { return Page(page).Html(); }

}  // namespace avocet
