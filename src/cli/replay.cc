// replay: the records of a file, paced as they were taken, to a file or a stream.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/backtest.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/replay_rewriter.h"
#include "src/cli/row_reader.h"
#include "src/cli/sample.h"
#include "src/cli/schema_guess.h"
#include "src/cli/sink_arguments.h"
#include "src/cli/tell.h"
#include "src/cli/watch_line.h"
#include "src/env/env.h"
#include "src/env/signals.h"
#include "src/source/simulate/replayer.h"

namespace avocet {
namespace {

constexpr std::chrono::milliseconds kSignalEvery{50};
constexpr const char* kDefaultFile = "avocet.yaml";
/// Enough to see which field is the time.
constexpr SampleLimits kSampleLimits{.records = 2'000, .bytes = uint64_t{4} << 20};

struct ReplayArguments : BacktestArguments {
  std::string path;
  SchemaHints hints;
  double speed = 1;
  bool flat = false;
  bool now = false;
  SinkArguments sink;  // its `to` is that of BacktestArguments
};

// A configuration says what its reader expects; without one there is nothing to keep to.
Result<std::optional<Config>> FindConfig(const ReplayArguments& arguments) {
  if (arguments.config.empty() && !Env::Posix()->Stat(kDefaultFile).ok()) {
    return std::optional<Config>();
  }
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config));
  return std::optional<Config>(std::move(config));
}

// The fields of the file: as told, else as configured when the file has them, else guessed.
Result<RewritePlan> MakePlan(const ReplayArguments& arguments,
                             const std::optional<Config>& config) {
  AVOCET_ASSIGN_OR_RETURN(const Sample sample,
                          ReadSample(arguments.path, kSampleLimits, Env::Posix()));
  SchemaHints hints = arguments.hints;
  hints.device_constant.clear();
  RewritePlan plan;
  if (config.has_value()) {
    const SchemaConfig& schema = config->schema;
    plan.expected = schema;
    if (hints.time_field.empty() && sample.Find(schema.time_field) != nullptr) {
      hints.time_field = schema.time_field;
    }
    if (hints.device_field.empty() && schema.device_constant.empty() &&
        sample.Find(schema.device_field) != nullptr) {
      hints.device_field = schema.device_field;
    }
  }
  AVOCET_ASSIGN_OR_RETURN(const SchemaGuess guess, GuessDeviceAndTime(sample, hints));
  if (guess.schema.time_field.empty()) {
    return Status::Invalid("cannot replay " + arguments.path +
                           ": no field of its records reads as a time; name it with --time-field");
  }
  plan.time_field = guess.schema.time_field;
  plan.times = EventTimeReader(guess.schema);
  plan.decimal_comma = sample.decimal_comma;
  if (plan.time_field == hints.time_field && config.has_value() &&
      plan.time_field == config->schema.time_field) {
    plan.times = EventTimeReader(config->schema);
  }
  if (guess.schema.device_constant.empty()) plan.device_field = guess.schema.device_field;
  plan.device_constant = arguments.hints.device_constant;
  if (plan.device_constant.empty() && config.has_value()) {
    plan.device_constant = config->schema.device_constant;
  }
  if (plan.device_constant.empty() && plan.device_field.empty()) {
    plan.device_constant = guess.schema.device_constant;
  }
  return plan;
}

class Replay {
 public:
  Replay(const ReplayArguments& arguments, RewritePlan plan, std::unique_ptr<Sink> out)
      : arguments_(arguments),
        rewriter_(std::move(plan)),
        out_(std::move(out)),
        watch_(!arguments.quiet && !ShowsRecords(arguments.sink)) {}

  Status Run(Replayer* replayer) {
    begun_at_ = Env::Posix()->Monotonic();
    Status status = WriteAll(replayer);
    status = SinkResult(std::move(status), out_->counts());
    took_ = Env::Posix()->Monotonic() - begun_at_;
    skipped_ = replayer->skipped_records();
    return status;
  }

  std::string Summary() const {
    std::string text =
        fmt::format("{} records of {} replayed", WithThousands(records_), arguments_.path);
    if (first_us_.has_value()) {
      text += fmt::format(", {} to {}", FormatTimestamp(*first_us_), FormatTimestamp(last_us_));
    }
    text += fmt::format(", in {:.1f} s\n", std::chrono::duration<double>(took_).count());
    text += SinkSummary(arguments_.sink, out_->counts(), took_);
    if (skipped_ > 0) {
      text += fmt::format("{} records left out: damaged CSV rows, or too long\n",
                          WithThousands(skipped_));
    }
    if (rewriter_.unchanged() > 0) {
      text += fmt::format("{} records passed on as they are: they have no time that can be read\n",
                          WithThousands(rewriter_.unchanged()));
    }
    return text;
  }

 private:
  Status WriteAll(Replayer* replayer) {
    ReplayRecord record;
    while (!TerminationRequested()) {
      AVOCET_ASSIGN_OR_RETURN(const bool any, replayer->Next(&record));
      if (!any) break;
      if (record.event_time_us.has_value() && !first_us_.has_value()) {
        first_us_ = record.event_time_us;
        last_us_ = *first_us_;
        if (arguments_.now) rewriter_.set_shift_us(Env::Posix()->NowMicros() - *first_us_);
      }
      AVOCET_ASSIGN_OR_RETURN(const bool is_due, WaitFor(record.due));
      if (!is_due) break;
      AVOCET_RETURN_IF_ERROR(out_->Send(rewriter_.Rewrite(record.json, record.event_time_us)));
      ++records_;
      last_us_ = std::max(last_us_, record.event_time_us.value_or(last_us_));
      Look();
    }
    return out_->Close();
  }

  void Look() {
    if (!watch_.IsDue()) return;
    watch_.Show(fmt::format("{} records  {} acknowledged  {}", WithThousands(records_),
                            WithThousands(out_->counts().acknowledged),
                            first_us_.has_value() ? FormatTimestamp(last_us_) : ""));
  }

  // False: asked to end before.
  Result<bool> WaitFor(std::chrono::nanoseconds due) {
    while (true) {
      const std::chrono::nanoseconds left = begun_at_ + due - Env::Posix()->Monotonic();
      if (left.count() <= 0) return true;
      AVOCET_RETURN_IF_ERROR(out_->Flush());
      if (TerminationRequested()) return false;
      Look();
      Env::Posix()->SleepFor(std::min<std::chrono::nanoseconds>(left, kSignalEvery));
    }
  }

  const ReplayArguments& arguments_;
  ReplayRewriter rewriter_;
  const std::unique_ptr<Sink> out_;
  WatchLine watch_;
  std::chrono::nanoseconds begun_at_{0};
  std::chrono::nanoseconds took_{0};
  uint64_t records_ = 0;
  uint64_t skipped_ = 0;
  std::optional<int64_t> first_us_;
  int64_t last_us_ = 0;
};

// Where the records that come out have their device.
std::string DeviceFieldOf(const RewritePlan& plan) {
  return plan.expected.has_value() ? plan.expected->device_field : "device_id";
}

Status RunReplay(ReplayArguments arguments) {
  arguments.sink.to = arguments.to;
  if (arguments.path.empty()) {
    if (!arguments.from.empty()) return RunBacktest(arguments);
    return Status::Usage("name a file to play, or the time --from which to try alerts on the lake");
  }
  if (!arguments.from.empty()) {
    return Status::Usage("a backtest reads the lake: leave the file out");
  }
  if (arguments.speed < 0) return Status::Usage("--speed must not be negative");
  AVOCET_ASSIGN_OR_RETURN(const std::optional<Config> config, FindConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const RewritePlan plan, MakePlan(arguments, config));
  ReplayOptions options;
  options.path = arguments.path;
  options.speed = arguments.flat ? 0 : arguments.speed;
  options.row_to_json = RowReader(plan.device_field, plan.decimal_comma);
  options.event_time = [plan](std::string_view json) { return EventTimeOf(plan, json); };
  AVOCET_ASSIGN_OR_RETURN(const auto replayer, Replayer::Open(options, Env::Posix()));
  CatchTermination();
  AVOCET_ASSIGN_OR_RETURN(auto out, OpenSink(arguments.sink, DeviceFieldOf(plan)));
  Status status;
  std::string summary;
  {
    Replay replay(arguments, plan, std::move(out));
    status = replay.Run(replayer.get());
    summary = replay.Summary();
  }
  if (!arguments.quiet) Tell("{}", summary);
  return status;
}

void AddBacktestOptions(CLI::App* command, BacktestArguments* arguments) {
  const std::string group = "Backtest: what alerts would have been, without sending anything";
  const auto add = [&](const std::string& name, std::string* value, const std::string& help) {
    command->add_option(name, *value, help)->group(group);
  };
  add("--from", &arguments->from, "Since when, as 2026-01-31T12:00:00Z or now-7d");
  add("--warm-up", &arguments->warm_up,
      "How much before that detectors learn from (default: all there is)");
  command->add_flag("--diff", arguments->diff, "Compare with --base")->group(group);
  add("--base", &arguments->base, "Configuration to compare with (default: avocet.yaml)");
  add("--truth", &arguments->truth, "Faults that are known, as `avocet score` reads them");
  add("--report", &arguments->page, "Write a report with charts to this HTML file");
  add("--rows", &arguments->rows, "Write the rows of the table alerts to this NDJSON file");
}

}  // namespace

void AddReplayCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = app->add_subcommand(
      "replay",
      "Play the records of a file as they were taken, to a file or a stream; or, with --from, try "
      "alerts on what the lake has");
  command->add_option("file", arguments->path,
                      "CSV or JSON, also .gz or .zst; a glob or directory");
  CLI::Option* speed = command->add_option("--speed", arguments->speed,
                                           "Event seconds per second; 0 is as fast as possible");
  speed->capture_default_str();
  command->add_flag("--flat", arguments->flat, "As fast as possible, as --speed 0")
      ->excludes(speed);
  command->add_flag("--now", arguments->now, "Shift the times so that the first is now");
  AddSinkOptions(command, &arguments->sink);
  command->add_option("--to", arguments->to,
                      std::string("Where the records go: ") + kSinkPlaces +
                          "; with --from, until when, as 2026-01-31T12:00:00Z (default: the end)");
  command->add_option("--device", arguments->hints.device_constant,
                      "Device of records that name none (default: that of the configuration, else "
                      "the name of the file)");
  command->add_option("--device-field", arguments->hints.device_field,
                      "The field that names the device, instead of a guess");
  command->add_option("--time-field", arguments->hints.time_field,
                      "The field with the event time, instead of a guess");
  AddLakeOptions(command, arguments.get());
  command->add_flag("-q,--quiet", arguments->quiet, "No progress and no summary");
  AddBacktestOptions(command, arguments.get());
  command->callback([arguments, exit_code] { *exit_code = Report(RunReplay(*arguments)); });
}

}  // namespace avocet
