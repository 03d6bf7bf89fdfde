// init: a first configuration, learnt from a sample of the data.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/detection_page.h"
#include "src/cli/hint_options.h"
#include "src/cli/human_number.h"
#include "src/cli/sample.h"
#include "src/cli/schema_guess.h"
#include "src/cli/starter_config.h"
#include "src/cli/text_table.h"
#include "src/config/load.h"
#include "src/decode/json_text.h"
#include "src/engine/builtin_components.h"
#include "src/env/env.h"

namespace avocet {
namespace {

struct InitArguments {
  std::string sample;
  std::string output = "avocet.yaml";
  SchemaHints hints;
  std::string report;  ///< HTML file to write; empty: none
  bool force = false;
};

Status CheckOutput(const InitArguments& arguments) {
  if (arguments.output == "-" || arguments.force) return Status::Ok();
  if (!Env::Posix()->Stat(arguments.output).ok()) return Status::Ok();
  return Status::AlreadyExists("cannot write " + arguments.output +
                               ": it exists; --force replaces it, -o writes elsewhere");
}

Result<StarterFacts> Learn(const InitArguments& arguments) {
  StarterFacts facts;
  facts.now_us = Env::Posix()->NowMicros();
  AVOCET_ASSIGN_OR_RETURN(facts.sample, ReadSample(arguments.sample, {}, Env::Posix()));
  if (facts.sample.unreadable >= facts.sample.records) {
    return Status::Invalid(
        "cannot learn from " + arguments.sample +
        ": none of its records can be read; the first one: " + facts.sample.first_problem);
  }
  AVOCET_ASSIGN_OR_RETURN(facts.guess, GuessSchema(facts.sample, arguments.hints));
  facts.measures = MeasureSchema(facts.sample, facts.guess, facts.now_us);
  if (facts.measures.accepted == 0) {
    return Status::Invalid(
        "cannot learn from " + arguments.sample +
        ": no record would be accepted; the first one: " + facts.measures.first_rejection);
  }
  for (size_t i = 0; i < facts.guess.metrics.size(); ++i) {
    const MetricSummary& summary = facts.measures.metrics[i];
    facts.units.push_back(summary.values == 0
                              ? UnitGuess{}
                              : GuessUnit(facts.guess.metrics[i].config.field, summary.min,
                                          summary.median, summary.max));
  }
  return facts;
}

// The text must be one that `check` accepts; anything else is a bug, and is not left behind.
Result<Config> CheckText(const std::string& text) {
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  LoadedConfig loaded = ParseConfig(text, "configuration", nothing, DetectorSpecs());
  if (loaded.errors.empty()) return std::move(loaded.config);
  return Status::Internal("cannot make a valid configuration from this sample: " +
                          FormatErrors(loaded.errors, "configuration", text));
}

/// What the configuration makes of the sample it was learnt from.
struct Preview {
  DetectionFindings findings;
  DetectionReport report;
};

Result<Preview> Try(const Config& config, const Sample& sample) {
  Preview preview;
  DetectionRun run(config, Env::Posix(), [&](const ScoredReading& reading) {
    preview.findings.Add(reading);
    return Status::Ok();
  });
  for (const RawBatch& batch : sample.batches) AVOCET_RETURN_IF_ERROR(run.Process({batch}));
  preview.report = run.Report();
  return preview;
}

void PrintPreview(const Preview& preview, const Config& config, std::FILE* to) {
  const DetectionFindings& findings = preview.findings;
  const std::string names = DetectorNames(config);
  if (findings.anomalies() == 0) {
    fmt::print(to, "{} would have flagged nothing in this sample.\n\n", names);
    return;
  }
  const double rate = findings.PerDeviceDay();
  fmt::print(to, "{} would have flagged {} {} in this sample{}:\n\n", names,
             WithThousands(findings.anomalies()),
             findings.anomalies() == 1 ? "anomaly" : "anomalies",
             std::isnan(rate) ? "" : fmt::format(", {:.2g} per device and day", rate));
  TextTable table({"METRIC", "KINDS", "THE STRANGEST"}, 3);
  for (const auto& [name, metric] : findings.metrics()) {
    if (metric.anomalies == 0) continue;
    const FoundAnomaly& strangest = metric.strangest;
    const std::string whose = preview.report.devices == 1 ? "" : strangest.device + " ";
    table.Add({name.empty() ? "(device)" : name, TypesText(metric.types),
               fmt::format("{}{}: {}", whose, FormatTimestamp(strangest.event_time_us),
                           FoundText(strangest))});
  }
  fmt::print(to, "{}\n", table.Text());
}

std::string Rounded(double value) { return fmt::format("{:.6g}", value); }

void PrintTable(const StarterFacts& facts, std::FILE* to) {
  TextTable table({"FIELD", "METRIC", "UNIT", "MIN", "MEDIAN", "MAX", "NULLS"}, 3);
  const SchemaConfig& schema = facts.guess.schema;
  if (schema.device_constant.empty()) table.Add({schema.device_field, "(device)"});
  table.Add({schema.time_field, "(time)",
             schema.time_pattern.empty() ? std::string(TimeFormatName(schema.time_format))
                                         : schema.time_pattern});
  for (size_t i = 0; i < facts.guess.metrics.size(); ++i) {
    const MetricConfig& metric = facts.guess.metrics[i].config;
    const MetricSummary& summary = facts.measures.metrics[i];
    std::vector<std::string> row = {metric.field, metric.name, facts.units[i].unit};
    if (summary.values > 0) {
      row.insert(row.end(), {Rounded(summary.min), Rounded(summary.median), Rounded(summary.max)});
    } else {
      row.insert(row.end(), {"", "", ""});
    }
    if (facts.guess.schema.metric_field.empty()) row.push_back(WithThousands(summary.nulls));
    table.Add(std::move(row));
  }
  for (const auto& [path, why] : facts.guess.others) table.Add({path, "-", why});
  fmt::print(to, "{}", table.Text());
}

void PrintFacts(const StarterFacts& facts, std::FILE* to) {
  const SchemaMeasures& measures = facts.measures;
  const Sample& sample = facts.sample;
  fmt::print(to, "{}: {}{} records, {} to {}\n", sample.path, sample.complete ? "" : "the first ",
             WithThousands(sample.records), FormatTimestamp(measures.first_us),
             FormatTimestamp(measures.last_us));
  fmt::print(to, "{} {} ({})", WithThousands(measures.devices),
             measures.devices == 1 ? "device" : "devices", facts.guess.device_why);
  if (measures.period_us.has_value()) {
    fmt::print(to, ", a reading every {}", FormatDuration(*measures.period_us));
  }
  if (measures.late > 0) fmt::print(to, ", {} late", WithThousands(measures.late));
  fmt::print(to, "\n\n");
  PrintTable(facts, to);
  fmt::print(to, "\n");
  if (measures.rejected == 0) return;
  fmt::print(to, "{} records will be quarantined:", WithThousands(measures.rejected));
  for (const auto& [code, count] : measures.rejected_by_code) {
    fmt::print(to, " {} {}", WithThousands(count), code);
  }
  fmt::print(to, "; the first one: {}\n\n", measures.first_rejection);
}

void PrintNext(const InitArguments& arguments, std::FILE* to) {
  const std::string option = arguments.output == "avocet.yaml" ? "" : " -c " + arguments.output;
  fmt::print(to,
             "wrote {}: look at the guesses in it. Then:\n"
             "  avocet check{}\n"
             "  avocet run{} --once\n"
             "  avocet query{} \"SELECT * FROM iot_catalog.analytics.anomalies ORDER BY score DESC "
             "LIMIT 10\"\n",
             arguments.output, option, option, option);
}

Status Init(const InitArguments& arguments) {
  AVOCET_RETURN_IF_ERROR(CheckOutput(arguments));
  AVOCET_ASSIGN_OR_RETURN(const StarterFacts facts, Learn(arguments));
  const std::string text = WriteStarterConfig(facts);
  AVOCET_ASSIGN_OR_RETURN(const Config config, CheckText(text));
  AVOCET_ASSIGN_OR_RETURN(const Preview preview, Try(config, facts.sample));
  if (!arguments.report.empty()) {
    AVOCET_RETURN_IF_ERROR(
        WriteDetectionPage(arguments.report, {.findings = &preview.findings,
                                              .report = preview.report,
                                              .input = arguments.sample,
                                              .detectors = DetectorNames(config)}));
  }
  if (arguments.output == "-") {
    fmt::print("{}", text);
    PrintFacts(facts, stderr);
    PrintPreview(preview, config, stderr);
    return Status::Ok();
  }
  AVOCET_RETURN_IF_ERROR(Env::Posix()->PutDurably(
      arguments.output, text, arguments.force ? PutMode::kReplace : PutMode::kCreateNew));
  PrintFacts(facts, stdout);
  PrintPreview(preview, config, stdout);
  PrintNext(arguments, stdout);
  return Status::Ok();
}

}  // namespace

void AddInitCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<InitArguments>();
  CLI::App* command = app->add_subcommand(
      "init", "Write a commented configuration that fits a sample of your data");
  command
      ->add_option("sample", arguments->sample,
                   "CSV or JSON, also .gz or .zst: a file, glob or directory")
      ->required();
  command->add_option("-o,--output", arguments->output, "File to write, - for standard output")
      ->capture_default_str();
  command->add_option("--report", arguments->report,
                      "HTML file to write, with charts of what would have been flagged");
  AddHintOptions(command, &arguments->hints);
  command->add_flag("--force", arguments->force, "Replace the file if there is one");
  command->callback([arguments, exit_code] { *exit_code = Report(Init(*arguments)); });
}

}  // namespace avocet
