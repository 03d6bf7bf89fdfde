#include "src/cli/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "src/base/time_format.h"
#include "src/cli/human_number.h"
#include "src/cli/terminal_line.h"

namespace avocet {
namespace {

constexpr size_t kIdWidth = 8;
constexpr size_t kSeverityWidth = 9;
constexpr size_t kMaxSources = 6;
constexpr size_t kSnapshotRows = 1000;
constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

/// "5s", "12m", "3h 20m", "2d 4h".
std::string Age(int64_t micros) {
  if (micros < kMinute) return fmt::format("{}s", micros / kSecond);
  if (micros < kHour) return fmt::format("{}m", micros / kMinute);
  if (micros < kDay) return fmt::format("{}h {}m", micros / kHour, micros % kHour / kMinute);
  return fmt::format("{}d {}h", micros / kDay, micros % kDay / kHour);
}

std::string Rate(double per_second) {
  return WithThousands(static_cast<uint64_t>(std::max(0.0, std::round(per_second)))) + "/s";
}

uint64_t CountIn(const std::map<std::string, uint64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

Ink InkOf(const std::string& state) {
  if (state == "critical") return Ink::kBad;
  if (state == "warning") return Ink::kWarning;
  if (state == "ok") return Ink::kGood;
  return Ink::kFaint;
}

std::string Spark(const std::deque<double>& rates) {
  constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (rates.empty()) return {};
  const double most = std::max(1.0, *std::max_element(rates.begin(), rates.end()));
  std::string text;
  for (const double rate : rates) {
    text += kBars[static_cast<size_t>(std::clamp(rate / most, 0.0, 1.0) * 7)];
  }
  return text;
}

class Painter {
 public:
  Painter(const TopModel& model, const TopView& view, size_t columns)
      : model_(model), view_(view), columns_(columns) {}

  std::vector<std::string> Summary() const;
  std::vector<std::string> Sources() const;
  std::vector<std::string> Alerts(size_t most) const;
  std::vector<std::string> Anomalies(size_t most) const;
  std::vector<std::string> Devices(size_t most) const;
  std::string Keys() const;

 private:
  TerminalLine Line() const { return {columns_, view_.colours}; }
  std::string Title(const std::string& title, const std::string& more = "") const {
    return Line().Text(title + "  ", Ink::kStrong).Rest(more, Ink::kFaint).Take();
  }

  const TopModel& model_;
  const TopView& view_;
  const size_t columns_;
};

std::vector<std::string> Painter::Summary() const {
  const TopModel& m = model_;
  std::vector<std::string> lines;
  lines.push_back(
      Line()
          .Text("avocet " + m.version, Ink::kStrong)
          .Text(fmt::format("  up {}  {} ({})  {}", Age(m.wall_us - m.started_us), m.user, m.role,
                            FormatTimestamp(m.wall_us / kSecond * kSecond)))
          .Rest(view_.is_paused ? "  PAUSED" : "", Ink::kReverse)
          .Take());
  if (!m.problem.empty()) lines.push_back(Line().Rest("PROBLEM: " + m.problem, Ink::kBad).Take());
  TerminalLine rates = Line();
  rates.Cell("Records", 10, Ink::kFaint)
      .Cell(m.rates.empty() ? "-" : Rate(m.rates.back()), 12, Ink::kStrong);
  rates.Text(fmt::format("judged in {:.1f} ms, 99 % in {:.1f} ms  ", m.median_ms, m.p99_ms));
  const size_t room = std::min(rates.left(), m.rates.size());
  rates.Rest(Spark({m.rates.end() - static_cast<std::ptrdiff_t>(room), m.rates.end()}), Ink::kGood);
  lines.push_back(rates.Take());
  lines.push_back(Line()
                      .Cell("Received", 10, Ink::kFaint)
                      .Rest(fmt::format("{}: {} in bronze, {} quarantined, {} duplicates; {} late",
                                        WithThousands(m.received), WithThousands(m.accepted),
                                        WithThousands(m.quarantined), WithThousands(m.duplicates),
                                        WithThousands(m.late)))
                      .Take());
  const std::string commit =
      m.last_commit_us == 0 ? "" : ", last " + Age(m.wall_us - m.last_commit_us) + " ago";
  lines.push_back(
      Line()
          .Cell("Tables", 10, Ink::kFaint)
          .Rest(fmt::format("{} commits{}, epoch {}; processor {:.0f} %, memory at most {}",
                            WithThousands(m.commits), commit, m.epoch, 100 * m.cpu_share,
                            HumanBytes(m.memory_bytes)))
          .Take());
  TerminalLine fleet = Line();
  fleet.Cell("Devices", 10, Ink::kFaint).Text(WithThousands(m.devices_total) + ": ");
  for (const char* state : {"critical", "warning", "silent", "ok"}) {
    const uint64_t count = CountIn(m.states, state);
    fleet.Text(fmt::format("{} {}", WithThousands(count), state),
               count == 0 ? Ink::kFaint : InkOf(state));
    fleet.Text("  ");
  }
  lines.push_back(fleet.Take());
  return lines;
}

std::vector<std::string> Painter::Sources() const {
  std::vector<std::string> lines = {""};
  TerminalLine head = Line();
  const size_t name_width = columns_ < 60 ? 18 : 30;
  head.Cell("SOURCE", name_width, Ink::kStrong).Cell("STATE", 9, Ink::kStrong);
  head.Cell("RECORDS", 13, Ink::kStrong, true).Cell("RATE", 12, Ink::kStrong, true);
  lines.push_back(head.Cell("TO READ", 16, Ink::kStrong, true).Take());
  for (size_t i = 0; i < std::min(kMaxSources, model_.sources.size()); ++i) {
    const TopSource& source = model_.sources[i];
    const bool is_bad = !source.problem.empty();
    TerminalLine line = Line();
    line.Cell(source.name, name_width - 1).Text(" ");
    line.Cell(is_bad         ? "PROBLEM"
              : source.ended ? "ended"
                             : "ok",
              9,
              is_bad         ? Ink::kBad
              : source.ended ? Ink::kFaint
                             : Ink::kGood);
    line.Cell(WithThousands(source.records), 13, Ink::kPlain, true);
    line.Cell(Rate(source.records_per_second), 12, Ink::kPlain, true);
    line.Cell(source.lag_records > 0 ? WithThousands(source.lag_records) + " records"
                                     : HumanBytes(source.lag_bytes),
              16, Ink::kPlain, true);
    line.Rest(is_bad ? "  " + source.problem : "", Ink::kBad);
    lines.push_back(line.Take());
  }
  if (model_.sources.size() > kMaxSources) {
    lines.push_back(fmt::format("and {} more", model_.sources.size() - kMaxSources));
  }
  return lines;
}

std::vector<std::string> Painter::Alerts(size_t most) const {
  std::vector<std::string> lines = {""};
  lines.push_back(Title(
      fmt::format("ALERTS {} open", CountIn(model_.stages, "open")),
      fmt::format("{} acknowledged, {} pending, {} cleared", CountIn(model_.stages, "acknowledged"),
                  CountIn(model_.stages, "pending"), CountIn(model_.stages, "cleared"))));
  const size_t first = view_.selected_alert < most ? 0 : view_.selected_alert - most + 1;
  for (size_t i = first; i < std::min(model_.alerts.size(), first + most); ++i) {
    const TopAlert& alert = model_.alerts[i];
    const bool is_selected = i == view_.selected_alert;
    TerminalLine line = Line();
    line.Text(is_selected ? "> " : "  ", Ink::kStrong);
    line.Cell(alert.id.substr(0, kIdWidth), kIdWidth, is_selected ? Ink::kReverse : Ink::kFaint);
    line.Text(" ").Cell(alert.severity, kSeverityWidth, InkOf(alert.severity));
    line.Cell(Age(alert.age_us), 8).Cell(alert.device.empty() ? "(fleet)" : alert.device, 18);
    lines.push_back(line.Text(" ").Rest(alert.reason).Take());
  }
  return lines;
}

std::vector<std::string> Painter::Anomalies(size_t most) const {
  std::vector<std::string> lines = {""};
  lines.push_back(Title(fmt::format("ANOMALIES {}", WithThousands(model_.anomalies)),
                        fmt::format("{:.0f} a minute", model_.anomalies_per_minute)));
  for (size_t i = 0; i < std::min(model_.newest.size(), most); ++i) {
    const TopAnomaly& anomaly = model_.newest[i];
    TerminalLine line = Line();
    line.Text("  ").Cell(anomaly.severity, kSeverityWidth, InkOf(anomaly.severity));
    line.Cell(Age(anomaly.age_us), 8).Cell(anomaly.device, 18);
    lines.push_back(line.Text(" ").Rest(anomaly.reason).Take());
  }
  return lines;
}

std::vector<std::string> Painter::Devices(size_t most) const {
  std::vector<std::string> lines = {""};
  const std::string order = view_.query.sort + (view_.query.descending ? ", descending" : "");
  std::string more = fmt::format("by {}", order);
  if (!view_.query.text.empty()) {
    more +=
        fmt::format("; {} with \"{}\"", WithThousands(model_.devices_matching), view_.query.text);
  }
  lines.push_back(Title("DEVICES", more));
  const size_t name_width = columns_ < 60 ? 16 : 28;
  TerminalLine head = Line();
  head.Cell("  DEVICE", name_width + 2, Ink::kStrong).Cell("STATE", kSeverityWidth, Ink::kStrong);
  head.Cell("SEEN", 9, Ink::kStrong, true).Cell("24 H", 7, Ink::kStrong, true);
  lines.push_back(
      head.Cell("QUALITY", 9, Ink::kStrong, true).Rest("  NEWEST", Ink::kStrong).Take());
  for (size_t i = 0; i < std::min(model_.devices.size(), most); ++i) {
    const TopDevice& device = model_.devices[i];
    TerminalLine line = Line();
    line.Text("  ").Cell(device.name, name_width - 1).Text(" ");
    line.Cell(device.state, kSeverityWidth, InkOf(device.state));
    line.Cell(device.age_us < 0 ? "never" : Age(device.age_us), 9, Ink::kPlain, true);
    line.Cell(WithThousands(device.anomalies_24h), 7, Ink::kPlain, true);
    line.Cell(fmt::format("{:.1f} %", 100 * device.quality), 9, Ink::kPlain, true);
    lines.push_back(line.Rest("  " + device.values).Take());
  }
  return lines;
}

std::string Painter::Keys() const {
  if (view_.is_typing) {
    return Line()
        .Text("filter: ", Ink::kStrong)
        .Text(view_.query.text)
        .Rest("_  Enter keeps, Escape clears")
        .Take();
  }
  TerminalLine line = Line();
  if (!view_.note.empty()) line.Text(view_.note, Ink::kWarning).Text("  ");
  const bool may_act = model_.role != "viewer" && !model_.alerts.empty();
  return line
      .Rest(std::string("q quit  s sort  r reverse  / filter  p pause") +
                (model_.alerts.size() > 1 ? "  j k choose" : "") +
                (may_act ? "  a acknowledge" : ""),
            Ink::kFaint)
      .Take();
}

void Append(std::vector<std::string> more, std::vector<std::string>* lines) {
  lines->insert(lines->end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<std::string> TopScreen(const TopModel& model, const TopView& view, TerminalSize size) {
  const Painter painter(model, view, size.columns);
  std::vector<std::string> lines = painter.Summary();
  Append(painter.Sources(), &lines);
  // Of what is left a third is for alerts, and on a tall terminal some lines for anomalies.
  const size_t left = size.rows > lines.size() + 1 ? size.rows - lines.size() - 1 : 0;
  if (left >= 3) {
    Append(painter.Alerts(std::min(std::max<size_t>(model.alerts.size(), 1),
                                   std::max<size_t>(1, left / 3 - 2))),
           &lines);
  }
  if (left >= 24) Append(painter.Anomalies(5), &lines);
  const size_t used = lines.size() + 1 + 3;  // the keys; blank, title and head of the devices
  if (size.rows > used) Append(painter.Devices(size.rows - used), &lines);
  const size_t room = std::max<size_t>(size.rows, 1) - 1;
  lines.resize(room);
  lines.push_back(painter.Keys());
  return lines;
}

std::vector<std::string> TopSnapshot(const TopModel& model, const TopView& view, size_t columns) {
  const Painter painter(model, view, columns);
  std::vector<std::string> lines = painter.Summary();
  for (auto part : {painter.Sources(), painter.Alerts(kSnapshotRows),
                    painter.Anomalies(kSnapshotRows), painter.Devices(kSnapshotRows)}) {
    Append(std::move(part), &lines);
  }
  return lines;
}

}  // namespace avocet
