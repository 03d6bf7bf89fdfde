// detect: what detectors make of each reading of a file, without a lake.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "src/cli/command.h"
#include "src/cli/detection_page.h"
#include "src/cli/hint_options.h"
#include "src/cli/human_number.h"
#include "src/cli/sample.h"
#include "src/cli/schema_guess.h"
#include "src/cli/scored_output.h"
#include "src/cli/source_argument.h"
#include "src/cli/tell.h"
#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/engine/detection.h"
#include "src/env/env.h"
#include "src/env/signals.h"

namespace avocet {
namespace {

/// Enough to see which fields are the device, the time and the metrics; later ones are found too.
constexpr SampleLimits kSampleLimits{.records = 10'000, .bytes = uint64_t{16} << 20};

struct DetectArguments {
  std::string path;
  std::string config;
  std::vector<std::string> detectors;
  SchemaHints hints;
  std::string out = "-";
  std::string report;  ///< HTML file to write; empty: none
  bool onsets_only = false;
  bool quiet = false;
};

// Detectors of the command line are read as those of a configuration, with the same messages.
Status ReadDetectors(const std::vector<std::string>& texts,
                     std::vector<DetectorConfig>* detectors) {
  std::string yaml = "detectors:\n";
  for (const std::string& text : texts) {
    yaml +=
        text.starts_with("{") ? fmt::format("- {}\n", text) : fmt::format("- {{type: {}}}\n", text);
  }
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  LoadedConfig loaded = ParseConfig(yaml, "--detector", nothing, DetectorSpecs());
  if (!loaded.errors.empty()) {
    std::fputs(FormatErrors(loaded.errors, "--detector", yaml).c_str(), stderr);
    return Status::Usage("--detector: this is no detector; avocet components lists them");
  }
  *detectors = std::move(loaded.config.detectors);
  return Status::Ok();
}

// Without a configuration the file says what its fields are.
Status GuessFields(const DetectArguments& arguments, Config* config) {
  AVOCET_ASSIGN_OR_RETURN(const Sample sample,
                          ReadSample(arguments.path, kSampleLimits, Env::Posix()));
  AVOCET_ASSIGN_OR_RETURN(const SchemaGuess guess, GuessSchema(sample, arguments.hints));
  config->schema = guess.schema;
  for (const GuessedMetric& metric : guess.metrics) {
    config->schema.metrics.push_back(metric.config);
  }
  config->schema.evolve = true;
  return Status::Ok();
}

Result<Config> Configure(const DetectArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config));
  const SchemaHints& hints = arguments.hints;
  const bool has_hints =
      !hints.device_field.empty() || !hints.device_constant.empty() || !hints.time_field.empty();
  if (config.file.empty()) {
    if (arguments.path == "-") {
      return Status::Usage("detect cannot look ahead in standard input; give a configuration");
    }
    AVOCET_RETURN_IF_ERROR(GuessFields(arguments, &config));
  } else if (has_hints) {
    return Status::Usage(config.file + " names the fields; --time-field, --device-field and " +
                         "--device are for files without a configuration");
  }
  if (!arguments.detectors.empty()) {
    AVOCET_RETURN_IF_ERROR(ReadDetectors(arguments.detectors, &config.detectors));
  }
  if (config.detectors.empty()) return Status::Config(config.file + " has no detectors");
  AVOCET_ASSIGN_OR_RETURN(SourceConfig source, ParseSourceArgument(arguments.path, {}));
  config.sources.clear();
  config.sources.push_back(std::move(source));
  return config;
}

void Summarize(const DetectionReport& report, const Config& config) {
  Tell("{} records of {} {}{}: {} values judged, {} {} begin\n", WithThousands(report.received),
       WithThousands(report.devices), report.devices == 1 ? "device" : "devices",
       config.file.empty() ? "" : fmt::format(", as {} says", config.file),
       WithThousands(report.values), WithThousands(report.anomalies),
       report.anomalies == 1 ? "anomaly" : "anomalies");
  if (report.duplicates > 0) {
    Tell("{} records left out: they came twice\n", WithThousands(report.duplicates));
  }
  if (report.quarantined > 0) {
    Tell("{} records left out; the first one: {}\n", WithThousands(report.quarantined),
         report.first_rejection);
  }
}

Status RunDetect(const DetectArguments& arguments) {
  if (arguments.out != "-" && arguments.out == arguments.path) {
    return Status::Usage("--out would replace the input, " + arguments.path);
  }
  AVOCET_ASSIGN_OR_RETURN(const Config config, Configure(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto out, ScoredOutput::Open(arguments.out));
  DetectionFindings findings;
  const auto report = Detect(config, Env::Posix(), [&](const ScoredReading& reading) {
    if (!arguments.report.empty()) findings.Add(reading);
    const bool wanted = reading.onset || !arguments.onsets_only;
    return wanted ? out->Append(reading) : Status::Ok();
  });
  if (report.status().code() == StatusCode::kCancelled) return Status::Ok();  // nobody reads on
  AVOCET_RETURN_IF_ERROR(report.status());
  if (report->values == 0) {
    return Status::Invalid(fmt::format(
        "cannot judge {}: none of its {} records has a valid value{}{}{}", arguments.path,
        WithThousands(report->received),
        config.file.empty() ? "" : fmt::format(" with the fields of {}", config.file),
        report->first_rejection.empty() ? "" : "; the first one: ", report->first_rejection));
  }
  const Status closed = out->Close();
  if (!closed.ok() && closed.code() != StatusCode::kCancelled) return closed;
  if (!arguments.quiet) Summarize(*report, config);
  if (arguments.report.empty()) return Status::Ok();
  return WriteDetectionPage(arguments.report, {.findings = &findings,
                                               .report = *report,
                                               .input = arguments.path,
                                               .detectors = DetectorNames(config)});
}

}  // namespace

void AddDetectCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<DetectArguments>();
  CLI::App* command = app->add_subcommand(
      "detect", "Score each reading of a file with the detectors, without a lake");
  command
      ->add_option("file", arguments->path,
                   "CSV or JSON, also .gz or .zst: a file, glob or directory, or - for standard "
                   "input")
      ->required();
  command->add_option("-c,--config", arguments->config,
                      "Fields and detectors (default: avocet.yaml if there is one, else guessed "
                      "from the file)");
  command->add_option("-d,--detector", arguments->detectors,
                      "Use this detector instead: a type, or '{type: zscore, sigma: 4}'; may be "
                      "repeated");
  command
      ->add_option("-o,--out", arguments->out,
                   "CSV file, or Parquet when its name ends in .parquet; - for standard output")
      ->capture_default_str();
  command->add_flag("--onsets", arguments->onsets_only,
                    "Write only readings at which an anomaly begins");
  command->add_option("--report", arguments->report,
                      "HTML file to write, with charts of what was found");
  AddHintOptions(command, &arguments->hints);
  command->add_flag("-q,--quiet", arguments->quiet, "No summary");
  command->callback([arguments, exit_code] { *exit_code = Report(RunDetect(*arguments)); });
}

}  // namespace avocet
