// init: a first configuration, learnt from a sample of the data.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/time_format.h"
#include "src/cli/command.h"
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
Status CheckText(const std::string& text) {
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  const LoadedConfig loaded = ParseConfig(text, "configuration", nothing, DetectorSpecs());
  if (loaded.errors.empty()) return Status::Ok();
  return Status::Internal("cannot make a valid configuration from this sample: " +
                          FormatErrors(loaded.errors, "configuration", text));
}

std::string Rounded(double value) { return fmt::format("{:.6g}", value); }

void PrintTable(const StarterFacts& facts, std::FILE* to) {
  TextTable table({"FIELD", "METRIC", "UNIT", "MIN", "MEDIAN", "MAX", "NULLS"}, 3);
  const SchemaConfig& schema = facts.guess.schema;
  if (schema.device_constant.empty()) table.Add({schema.device_field, "(device)"});
  table.Add({schema.time_field, "(time)", std::string(TimeFormatName(schema.time_format))});
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
  AVOCET_RETURN_IF_ERROR(CheckText(text));
  if (arguments.output == "-") {
    fmt::print("{}", text);
    PrintFacts(facts, stderr);
    return Status::Ok();
  }
  AVOCET_RETURN_IF_ERROR(Env::Posix()->PutDurably(
      arguments.output, text, arguments.force ? PutMode::kReplace : PutMode::kCreateNew));
  PrintFacts(facts, stdout);
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
  AddHintOptions(command, &arguments->hints);
  command->add_flag("--force", arguments->force, "Replace the file if there is one");
  command->callback([arguments, exit_code] { *exit_code = Report(Init(*arguments)); });
}

}  // namespace avocet
