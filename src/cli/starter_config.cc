#include "src/cli/starter_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/human_number.h"
#include "src/config/key_text.h"
#include "src/decode/json_text.h"

namespace avocet {
namespace {

constexpr size_t kCommentColumn = 42;
constexpr size_t kLineWidth = 100;

std::string Number(double value) {
  if (std::trunc(value) == value && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  std::string text;
  AppendJsonDouble(value, &text);
  return text;
}

// In code points: every byte but those that continue one.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string RangeText(const ValueRange& range) {
  return "[" + Number(range.min) + ", " + Number(range.max) + "]";
}

class StarterWriter {
 public:
  explicit StarterWriter(const StarterFacts& facts)
      : sample_(facts.sample), guess_(facts.guess), measures_(facts.measures), facts_(facts) {}

  std::string Write() {
    Head();
    SourcesAndLake();
    Schema();
    Windows();
    Detectors();
    return std::move(out_);
  }

 private:
  // Beside the text where it fits, above it otherwise.
  void Line(size_t indent, const std::string& text, const std::string& comment = "") {
    const std::string begin(indent, ' ');
    std::string line = begin + text;
    if (!comment.empty()) {
      const size_t width = Width(line);
      const size_t gap = width + 2 < kCommentColumn ? kCommentColumn - width : 2;
      if (width + gap + 2 + Width(comment) <= kLineWidth) {
        line += std::string(gap, ' ') + "# " + comment;
      } else {
        Comment(indent, comment);
      }
    }
    out_ += line + "\n";
  }

  void Comment(size_t indent, const std::string& text) {
    const std::string begin = std::string(indent, ' ') + "# ";
    std::string line = begin;
    size_t at = 0;
    while (at < text.size()) {
      const size_t end = std::min(text.find(' ', at), text.size());
      const std::string word = text.substr(at, end - at);
      if (line.size() > begin.size() && line.size() + 1 + word.size() > kLineWidth) {
        out_ += line + "\n";
        line = begin;
      }
      if (line.size() > begin.size()) line += ' ';
      line += word;
      at = end + 1;
    }
    out_ += line + "\n";
  }

  void Gap() { out_ += "\n"; }

  void Head() {
    Comment(0, "Configuration of avocet for data like " + QuotedForMessage(sample_.path) + ".");
    std::string seen = fmt::format("Seen there: {} records", WithThousands(sample_.records));
    if (!sample_.complete)
      seen = "Seen in its beginning: " + WithThousands(sample_.records) + " records";
    if (measures_.accepted > 0) {
      seen += fmt::format(" of {} {}, from {} to {}", WithThousands(measures_.devices),
                          measures_.devices == 1 ? "device" : "devices",
                          FormatTimestamp(measures_.first_us), FormatTimestamp(measures_.last_us));
    }
    Comment(0, seen + ".");
    Comment(0,
            "\"seen\" is a fact of the sample, \"guess\" follows from names and values: correct it "
            "where you know better.");
    Comment(0, "avocet check finds mistakes; avocet config reference explains every key.");
    Gap();
  }

  void SourcesAndLake() {
    Line(0, "lake: ./lake", "the folder of the tables, relative to where avocet runs");
    Gap();
    Line(0, "sources:");
    Line(2, "- file:");
    Line(6, "path: " + YamlText(sample_.path),
         "the sample; a folder or \"data/*.csv\" is watched for more");
    std::string format = "seen: " + sample_.format;
    if (sample_.format == "csv") {
      format += sample_.delimiter == '\t'
                    ? ", fields separated by tabs"
                    : fmt::format(", fields separated by \"{}\"", sample_.delimiter);
    }
    if (!sample_.format.empty()) Line(6, "format: " + sample_.format, format);
    Gap();
  }

  void Schema() {
    Line(0, "schema:");
    const SchemaConfig& schema = guess_.schema;
    if (!schema.device_constant.empty()) {
      Line(2, "device: {constant: " + YamlText(schema.device_constant) + "}",
           "every record is of this device; " + Origin(guess_.device_why));
      Line(2, "# device: device_id", "instead, if a field of the records names it");
    } else {
      Line(2, "device: " + YamlText(schema.device_field),
           fmt::format("{} distinct; {}", WithThousands(measures_.devices),
                       Origin(guess_.device_why)));
    }
    Line(2, "time:");
    Line(4, "field: " + YamlText(schema.time_field),
         "seen: " + QuotedForMessage(guess_.time_example) + ", " + guess_.time_why);
    if (schema.time_pattern.empty()) {
      Line(4, fmt::format("format: {}", TimeFormatName(schema.time_format)));
    } else {
      Line(4, "pattern: " + YamlText(schema.time_pattern), "the letters of strptime");
      Line(4, "# zone: Europe/Berlin", "of these times; they are read as UTC otherwise");
    }
    if (schema.decimal_comma) Line(2, "decimal_comma: true", "seen: numbers such as 37,5");
    MaxFuture();
    if (!schema.metric_field.empty()) {
      Line(2, "long_form:", "each record has one metric, by name");
      Line(4, "metric: " + YamlText(schema.metric_field));
      Line(4, "value: " + YamlText(schema.value_field));
    }
    Line(2, "metrics:", "column of the tables: where it comes from, what is valid");
    for (size_t i = 0; i < guess_.metrics.size(); ++i) Metric(i);
    for (const auto& [path, why] : guess_.others) {
      Comment(2, "no metric: " + QuotedForMessage(path) + ", " + why);
    }
    Gap();
  }

  static std::string Origin(const std::string& why) {
    return why == "as told" ? "as told to init" : "guess " + why;
  }

  // Times beyond the clock, as of simulations and of clocks that are set wrong.
  void MaxFuture() {
    const int64_t ahead = measures_.last_us - facts_.now_us;
    if (measures_.accepted == 0 || ahead <= 12 * kMicrosPerHour) return;
    const int64_t days = ahead / kMicrosPerDay + 2;
    Line(2, fmt::format("max_future: {}d", days),
         "seen: times up to " + FormatTimestamp(measures_.last_us) +
             ", which is in the future; the default of 1d would quarantine them");
  }

  void Metric(size_t i) {
    const GuessedMetric& metric = guess_.metrics[i];
    const MetricSummary& summary = measures_.metrics[i];
    std::string seen = "no values in the sample";
    if (summary.values > 0) {
      seen = fmt::format("seen: {} to {}, median {}", Number(summary.min), Number(summary.max),
                         Number(summary.median));
      const bool wide = guess_.schema.metric_field.empty();
      if (summary.nulls > 0 && wide) {
        seen += fmt::format(", without value in {}", WithThousands(summary.nulls));
      }
      if (metric.is_flag) seen += ", written true and false";
    }
    Line(4, metric.config.name + ":", seen);
    if (metric.config.field != metric.config.name) {
      Line(6, "field: " + YamlText(metric.config.field), "seen: this name");
    }
    if (metric.bad_values > 0) {
      Comment(6,
              fmt::format("seen: {} values that are no numbers, such as {}; their records go to "
                          "quarantine",
                          WithThousands(metric.bad_values), QuotedForMessage(metric.bad_example)));
    }
    if (!metric.is_flag) Unit(facts_.units[i]);
    Range(facts_.units[i], summary, metric.is_flag);
  }

  void Unit(const UnitGuess& guess) {
    if (guess.unit.empty()) {
      Line(6, "# unit: ...", "not clear from the name");
      return;
    }
    Line(6, "unit: " + YamlText(guess.unit), "guess from " + guess.why);
    if (guess.unit == "degF") {
      Comment(6, "To store degC instead: unit: degC and source_unit: degF, with a range in degC.");
    }
  }

  void Range(const UnitGuess& guess, const MetricSummary& summary, bool is_flag) {
    if (summary.values == 0 || is_flag) return;
    if (guess.physical.has_value() && guess.physical->Covers(summary.min, summary.max)) {
      Line(6, "range: " + RangeText(*guess.physical),
           "guess: limits of such sensors; values beyond become null");
      return;
    }
    const ValueRange widened = WidenedRange(summary.min, summary.max);
    std::string why = "suggestion, not in force: what was seen and room to spare";
    if (guess.physical.has_value()) {
      why = "suggestion, not in force: usual would be " + RangeText(*guess.physical) +
            ", but values outside of it were seen";
    }
    Line(6, "# range: " + RangeText(widened), why);
  }

  void Windows() {
    const std::string period = measures_.period_us.has_value()
                                   ? "seen: a reading every " + PeriodText()
                                   : "seen: too few readings to know their spacing";
    Line(0, "windows:");
    Line(2, "rolling: " + FormatDuration(RollingWindow(measures_.period_us).count()),
         "length of the rolling means; " + period);
    std::string late = "an hour stays open so long for late readings; seen: ";
    late += measures_.late == 0 ? "none" : WithThousands(measures_.late) + " late";
    Line(2, "allowed_lateness: 1h", late);
    Gap();
  }

  std::string PeriodText() const {
    // To three digits or so: nobody wants to read microseconds of jitter.
    int64_t period = *measures_.period_us;
    for (const int64_t unit : {kMicrosPerSecond, int64_t{1000}}) {
      if (period >= 10 * unit) {
        period = (period + unit / 2) / unit * unit;
        break;
      }
    }
    return FormatDuration(period);
  }

  void Detectors() {
    Line(0, "detectors:", "what looks for anomalies; avocet components lists all of them");
    Line(2, "- {type: auto}", "known faults, and what a device has never done; no tuning");
    Line(2, "# - {type: threshold, metrics: [" + guess_.metrics[0].config.name + "], max: 100}",
         "a limit that must hold");
  }

  const Sample& sample_;
  const SchemaGuess& guess_;
  const SchemaMeasures& measures_;
  const StarterFacts& facts_;
  std::string out_;
};

}  // namespace

Duration RollingWindow(std::optional<int64_t> period_us) {
  using std::chrono::hours;
  using std::chrono::minutes;
  constexpr int64_t kReadings = 5;  // fewer make no mean worth the name
  const std::array<Duration, 7> choices = {minutes(5), minutes(15), minutes(30),  hours(1),
                                           hours(6),   hours(24),   hours(24 * 7)};
  for (const Duration choice : choices) {
    if (period_us.value_or(0) <= choice.count() / kReadings) return choice;
  }
  return hours(24 * 30);
}

std::string_view TimeFormatName(TimeFormat format) {
  switch (format) {
    case TimeFormat::kIso8601:
      return "iso8601";
    case TimeFormat::kEpochS:
      return "epoch_s";
    case TimeFormat::kEpochMs:
      return "epoch_ms";
    case TimeFormat::kEpochUs:
      return "epoch_us";
    case TimeFormat::kEpochNs:
      return "epoch_ns";
    case TimeFormat::kAuto:
      break;
  }
  return "auto";
}

std::string WriteStarterConfig(const StarterFacts& facts) { return StarterWriter(facts).Write(); }

}  // namespace avocet
