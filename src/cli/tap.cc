// tap: records as they pass a stage of a running avocet.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "src/cli/command.h"
#include "src/cli/label_option.h"
#include "src/cli/running_avocet.h"
#include "src/cli/tell.h"
#include "src/env/signals.h"
#include "src/server/record_tap.h"

namespace avocet {
namespace {

struct TapArguments : RunningAvocetArguments {
  std::string stage;
  std::string device;
  std::string metric;
  std::vector<std::string> labels;  // "site=north"
  uint64_t most = 0;                // records; 0: no end
};

constexpr std::string_view kDropped = "{\"dropped\":";

/// Prints lines as they become whole.
class LinePrinter {
 public:
  explicit LinePrinter(uint64_t most) : most_(most) {}

  /// False when enough is printed, or nobody reads.
  bool Add(std::string_view bytes) {
    text_.append(bytes);
    size_t begin = 0;
    for (size_t end = text_.find('\n'); end != text_.npos; end = text_.find('\n', begin)) {
      const bool more = Print(std::string_view(text_).substr(begin, end - begin));
      begin = end + 1;
      if (!more) return false;
    }
    text_.erase(0, begin);
    return std::fflush(stdout) == 0;
  }

 private:
  bool Print(std::string_view line) {
    if (line.empty()) return true;  // a sign of life
    if (line.starts_with(kDropped)) {
      line.remove_prefix(kDropped.size());
      Tell("{} records came too fast and are not shown\n", line.substr(0, line.find('}')));
      return true;
    }
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    ++printed_;
    if (printed_ != most_) return std::ferror(stdout) == 0;
    std::fflush(stdout);
    return false;
  }

  const uint64_t most_;
  uint64_t printed_ = 0;
  std::string text_;
};

std::vector<std::string> StageNames() {
  std::vector<std::string> names;
  for (size_t stage = 0; stage < kNumTapStages; ++stage) {
    names.emplace_back(TapStageName(static_cast<TapStage>(stage)));
  }
  return names;
}

Status Tap(const TapArguments& arguments) {
  CatchTermination();
  AVOCET_ASSIGN_OR_RETURN(const RunningAvocet avocet, RunningAvocet::Of(arguments));
  QueryParameters query = {{"stage", arguments.stage}};
  if (!arguments.device.empty()) query.emplace_back("device", arguments.device);
  if (!arguments.metric.empty()) query.emplace_back("metric", arguments.metric);
  AVOCET_ASSIGN_OR_RETURN(const Labels labels, ParseLabels(arguments.labels));
  for (const auto& [name, pattern] : labels) query.emplace_back("label." + name, pattern);
  LinePrinter printer(arguments.most);
  return avocet.Stream("tap", query, [&](std::string_view bytes) { return printer.Add(bytes); });
}

}  // namespace

void AddTapCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<TapArguments>();
  CLI::App* command =
      app->add_subcommand("tap", "Show records as they pass a stage of a running avocet, as JSON");
  command->add_option("stage", arguments->stage, "Where to look")
      ->required()
      ->check(CLI::IsMember(StageNames()));
  command->add_option("--device", arguments->device, "Only of devices that fit, as in 'pump-*'");
  command->add_option("--metric", arguments->metric, "Only what has this metric, and only that");
  AddLabelOption(command, &arguments->labels);
  command->add_option("-n,--count", arguments->most, "End after so many records");
  AddRunningAvocetOptions(command, arguments.get());
  command->callback([arguments, exit_code] { *exit_code = Report(Tap(*arguments)); });
}

}  // namespace avocet
