// simulate: the readings of a made-up fleet, to a file or a stream, and the truth about its faults.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "src/base/civil_time.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/sink_arguments.h"
#include "src/cli/tell.h"
#include "src/cli/watch_line.h"
#include "src/config/instant.h"
#include "src/env/env.h"
#include "src/env/signals.h"
#include "src/sink/record_output.h"
#include "src/source/simulate/simulator.h"

namespace avocet {
namespace {

constexpr std::chrono::milliseconds kSignalEvery{50};
/// Looking at the clock for every record would take longer than making it.
constexpr uint64_t kLookEvery = 4096;
constexpr const char* kDeviceField = "device_id";
/// Without --start, so that a seed alone says which bytes come out.
constexpr const char* kDefaultStart = "2021-06-15T00:00:00Z";

struct SimulateArguments {
  SimulateSourceConfig fleet;
  std::string period = "10s";
  std::vector<std::string> faults;
  std::string duration;
  std::string start;
  double speed = 0;
  SinkArguments sink;
  std::string truth;
  bool quiet = false;
};

Status ReadDuration(const std::string& text, const char* option, Duration* duration) {
  const auto micros = ParseDuration(text);
  if (!micros.ok()) return Status::Usage(std::string(option) + ": " + micros.status().message());
  *duration = Duration(*micros);
  return Status::Ok();
}

Status ReadFaults(const std::vector<std::string>& names, std::vector<std::string>* faults) {
  for (const std::string& name : names) {
    if (name == "all") {
      *faults = FaultKindNames();
      return Status::Ok();
    }
    if (name == "none" || name.empty()) continue;
    const Status status = ParseFaultKind(name).status();
    if (!status.ok()) return Status::Usage("--faults: " + status.message());
    faults->push_back(name);
  }
  return Status::Ok();
}

int64_t DefaultStart(const SimulateSourceConfig& fleet) {
  // A clock that is not faster than the real one can start now without running into the future.
  if (fleet.speed <= 0 || fleet.speed > 1) return ParseInstant(kDefaultStart).value();
  const int64_t now = Env::Posix()->NowMicros();
  return now - now % std::max(Simulator::PeriodUs(fleet), kMicrosPerSecond);
}

Result<SimulateSourceConfig> ReadArguments(const SimulateArguments& arguments) {
  SimulateSourceConfig fleet = arguments.fleet;
  fleet.speed = arguments.speed;
  AVOCET_RETURN_IF_ERROR(ReadDuration(arguments.period, "--period", &fleet.period));
  if (!arguments.duration.empty()) {
    AVOCET_RETURN_IF_ERROR(ReadDuration(arguments.duration, "--duration", &fleet.duration));
  }
  AVOCET_RETURN_IF_ERROR(ReadFaults(arguments.faults, &fleet.faults));
  const Status status = Simulator::Check(fleet);
  if (!status.ok()) return Status::Usage("cannot simulate: " + status.message());
  fleet.start_time_us = DefaultStart(fleet);
  if (!arguments.start.empty()) {
    const auto start = ParseInstant(arguments.start);
    if (!start.has_value()) {
      return Status::Usage("--start: \"" + arguments.start +
                           "\" is no time; write it as in 2021-06-15T00:00:00Z");
    }
    fleet.start_time_us = *start;
  }
  if (!arguments.truth.empty() &&
      (arguments.truth == arguments.sink.out || "file:" + arguments.truth == arguments.sink.to)) {
    return Status::Usage("the readings and --truth go to the same file, " + arguments.truth);
  }
  return fleet;
}

class Simulation {
 public:
  Simulation(const SimulateSourceConfig& fleet, std::unique_ptr<Sink> out,
             std::optional<RecordOutput> truth, bool watch)
      : fleet_(fleet),
        simulator_(fleet, fleet.start_time_us),
        out_(std::move(out)),
        truth_(std::move(truth)),
        watch_(watch) {}

  /// Until the duration is over, a signal, or nobody reads.
  Status Run() {
    begun_at_ = Env::Posix()->Monotonic();
    Status status = WriteAll();
    status = SinkResult(std::move(status), out_->counts());
    took_ = Env::Posix()->Monotonic() - begun_at_;
    const Status truth_status = CloseTruth();
    return status.ok() ? truth_status : status;
  }

  SinkCounts counts() const { return out_->counts(); }
  std::chrono::nanoseconds took() const { return took_; }

  std::string Summary() const {
    std::string text = fmt::format(
        "{} records of {} devices, {} of event time from {}, in {:.1f} s ({}/s)",
        WithThousands(records_), WithThousands(static_cast<uint64_t>(fleet_.devices)),
        FormatDuration(covered_us_), FormatTimestamp(fleet_.start_time_us), Seconds(),
        WithThousands(static_cast<uint64_t>(static_cast<double>(records_) / Seconds())));
    if (fleet_.faults.empty()) return text + "\nno faults; --faults all injects some\n";
    std::map<std::string, uint64_t> by_kind;
    for (const FaultWindow& window : simulator_.Truth()) ++by_kind[window.fault];
    text += fmt::format("\n{} faults", WithThousands(simulator_.Truth().size()));
    const char* separator = ": ";
    for (const auto& [kind, count] : by_kind) {
      text += fmt::format("{}{} {}", separator, WithThousands(count), kind);
      separator = ", ";
    }
    return text + "\n";
  }

 private:
  double Seconds() const {
    const auto passed = Env::Posix()->Monotonic() - begun_at_;
    return std::max(std::chrono::duration<double>(passed).count(), 1e-6);
  }

  Status WriteAll() {
    std::string line;
    int64_t step_us = INT64_MIN;  // event time of the records that are due
    while (simulator_.next_index() < simulator_.end_index() && !TerminationRequested()) {
      const int64_t time_us = simulator_.next_time_us();
      if (time_us != step_us) {
        AVOCET_ASSIGN_OR_RETURN(const bool is_due, WaitFor(time_us));
        if (!is_due) break;
        step_us = time_us;
      }
      line.clear();
      if (!simulator_.Next(&line)) break;
      AVOCET_RETURN_IF_ERROR(out_->Send(line));
      covered_us_ = time_us - fleet_.start_time_us + Simulator::PeriodUs(fleet_);
      if (++records_ % kLookEvery == 0) AVOCET_RETURN_IF_ERROR(Look());
    }
    return out_->Close();
  }

  Status Look() {
    if (watch_.IsDue()) {
      watch_.Show(fmt::format(
          "{} records  {} acknowledged  {}  {}/s", WithThousands(records_),
          WithThousands(out_->counts().acknowledged),
          FormatTimestamp(fleet_.start_time_us + covered_us_),
          WithThousands(static_cast<uint64_t>(static_cast<double>(records_) / Seconds()))));
    }
    return WriteTruth();
  }

  // False: asked to end before the records of `time_us` are due.
  Result<bool> WaitFor(int64_t time_us) {
    if (fleet_.speed == 0) return true;
    const double due = static_cast<double>(time_us - fleet_.start_time_us) * 1e-6 / fleet_.speed;
    while (Seconds() < due) {
      AVOCET_RETURN_IF_ERROR(out_->Flush());
      AVOCET_RETURN_IF_ERROR(Look());
      if (TerminationRequested()) return false;
      const std::chrono::duration<double> left(due - Seconds());
      if (left.count() <= 0) break;
      Env::Posix()->SleepFor(std::min<std::chrono::nanoseconds>(
          kSignalEvery,
          std::chrono::nanoseconds(static_cast<int64_t>(std::min(left.count(), 1.0) * 1e9))));
    }
    return true;
  }

  Status WriteTruth() {
    if (!truth_.has_value()) return Status::Ok();
    for (; truth_written_ < simulator_.Truth().size(); ++truth_written_) {
      AVOCET_RETURN_IF_ERROR(
          truth_->Append(FaultWindowJson(simulator_.Truth()[truth_written_]) + "\n"));
    }
    return truth_->Flush();
  }

  Status CloseTruth() {
    AVOCET_RETURN_IF_ERROR(WriteTruth());
    return truth_.has_value() ? truth_->Close() : Status::Ok();
  }

  const SimulateSourceConfig fleet_;
  Simulator simulator_;
  const std::unique_ptr<Sink> out_;
  std::optional<RecordOutput> truth_;
  size_t truth_written_ = 0;
  WatchLine watch_;
  std::chrono::nanoseconds begun_at_{0};
  std::chrono::nanoseconds took_{0};
  uint64_t records_ = 0;
  int64_t covered_us_ = 0;
};

int Simulate(const SimulateArguments& arguments) {
  const auto fleet = ReadArguments(arguments);
  if (!fleet.ok()) return Report(fleet.status());
  CatchTermination();
  auto out = OpenSink(arguments.sink, kDeviceField);
  if (!out.ok()) return Report(out.status());
  std::optional<RecordOutput> truth;
  if (!arguments.truth.empty()) {
    auto opened = RecordOutput::Open(arguments.truth);
    if (!opened.ok()) return Report(opened.status());
    truth = std::move(opened).value();
  }
  const bool watch = !arguments.quiet && !ShowsRecords(arguments.sink);
  Status status;
  std::string summary;
  {
    Simulation simulation(*fleet, std::move(out).value(), std::move(truth), watch);
    status = simulation.Run();
    if (status.ok()) summary = simulation.Summary();
    summary += SinkSummary(arguments.sink, simulation.counts(), simulation.took());
  }
  if (!arguments.quiet) Tell("{}", summary);
  return status.ok() ? 0 : Report(status);
}

}  // namespace

void AddSimulateCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App* command = app->add_subcommand(
      "simulate", "Make up the readings of a fleet, with labelled faults, for a file or a stream");
  command->add_option("--devices", arguments->fleet.devices, "Number of devices")
      ->capture_default_str();
  command->add_option("--period", arguments->period, "Event time between two readings of a device")
      ->capture_default_str();
  command->add_option("--rate", arguments->fleet.rate,
                      "Readings per second of event time over all devices, instead of --period");
  command
      ->add_option("--faults", arguments->faults,
                   "Kinds of faults, with commas between: spike, dip, stuck, drift, level_shift, "
                   "noise, dropout, cross, rate, clip, decoupled, bias, intermittent; all or none "
                   "(default: none)")
      ->delimiter(',');
  command->add_option("--seed", arguments->fleet.seed, "The same seed makes the same readings")
      ->capture_default_str();
  command->add_option("--duration", arguments->duration,
                      "Event time to make up, such as 24h (default: endless)");
  command->add_option("--start", arguments->start,
                      std::string("Event time of the first reading (default: ") + kDefaultStart +
                          "; now, with a --speed up to 1)");
  command->add_option("--speed", arguments->speed,
                      "Event seconds per second; 0 is as fast as possible (default: 0)");
  AddSinkOptions(command, &arguments->sink);
  command->add_option("--to", arguments->sink.to,
                      std::string("Where the readings go: ") + kSinkPlaces);
  command->add_option("--truth", arguments->truth, "File for the true fault windows, NDJSON");
  command->add_flag("-q,--quiet", arguments->quiet, "No progress and no summary");
  command->callback([arguments, exit_code] { *exit_code = Simulate(*arguments); });
}

}  // namespace avocet
