#include "src/cli/backtest.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/alert/operator_log.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/backtest_page.h"
#include "src/cli/backtest_summary.h"
#include "src/cli/command.h"
#include "src/cli/human_number.h"
#include "src/cli/labelled_data.h"
#include "src/cli/lake_time.h"
#include "src/cli/text_table.h"
#include "src/cli/watch_line.h"
#include "src/engine/alert_rows.h"
#include "src/engine/owned_lake.h"
#include "src/env/signals.h"
#include "src/sink/record_output.h"

namespace avocet {
namespace {

constexpr int64_t kMicrosPerMinute = 60'000'000;

Result<BacktestOptions> ReadOptions(const BacktestArguments& arguments, const Config& config) {
  BacktestOptions options;
  AVOCET_ASSIGN_OR_RETURN(const int64_t now_us, NewestEventTime(config));
  AVOCET_ASSIGN_OR_RETURN(options.from_us, ReadInstant(arguments.from, "--from", now_us));
  if (!arguments.to.empty()) {
    AVOCET_ASSIGN_OR_RETURN(options.to_us, ReadInstant(arguments.to, "--to", now_us));
  }
  if (options.from_us >= options.to_us) return Status::Usage("--from must be before --to");
  if (!arguments.warm_up.empty()) {
    const auto warm_up = ParseDuration(arguments.warm_up);
    if (!warm_up.ok()) return Status::Usage("--warm-up: " + warm_up.status().message());
    options.warm_up = Duration(*warm_up);
  }
  return options;
}

// Mutes and labels; nothing when people have not done anything yet.
Status ReadOperators(const Config& config, BacktestJudge* judge) {
  const std::string path = OutboxPath(config);
  if (!Env::Posix()->Stat(path).ok()) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(const auto log, OperatorLog::Open(path));
  AVOCET_ASSIGN_OR_RETURN(judge->mutes, log->Mutes(INT64_MIN));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<OperatorEntry> entries, log->Entries(""));
  for (const OperatorEntry& entry : entries) {
    if (entry.action == OperatorAction::kLabel) judge->labels[entry.alert_id] = entry.text;
  }
  return Status::Ok();
}

Result<BacktestJudge> ReadJudge(const BacktestArguments& arguments, const Config& config,
                                const BacktestOptions& options) {
  BacktestJudge judge;
  AVOCET_RETURN_IF_ERROR(ReadOperators(config, &judge));
  if (arguments.truth.empty()) return judge;
  AVOCET_ASSIGN_OR_RETURN(std::vector<TruthWindow> truth, ReadTruthFile(arguments.truth));
  std::erase_if(truth, [&](const TruthWindow& window) { return window.start_us >= options.to_us; });
  judge.truth = std::move(truth);
  // As `avocet score` has them.
  judge.rules = {.tolerance_us = 2 * kMicrosPerMinute,
                 .short_us = 60 * kMicrosPerMinute,
                 .aftermath_us = 60 * kMicrosPerMinute,
                 .merge_us = 30 * kMicrosPerMinute,
                 .from_us = options.from_us};
  AVOCET_ASSIGN_OR_RETURN(AlarmData data, ReadAlarmsOfLake(config));
  for (auto& [device, span] : data.devices) {
    span.first_us = std::max(span.first_us, options.from_us);
    span.last_us = std::min(span.last_us, options.to_us);
    if (span.first_us < span.last_us) judge.devices.emplace(device, span);
  }
  return judge;
}

Result<BacktestSummary> Try(const Config& config, BacktestOptions options,
                            const BacktestJudge& judge, const BacktestArguments& arguments) {
  WatchLine watch(!arguments.quiet);
  options.on_progress = [&](int64_t rows, int64_t event_time_us) {
    if (watch.IsDue()) {
      watch.Show(fmt::format("{} readings  {}", WithThousands(static_cast<uint64_t>(rows)),
                             FormatTimestamp(event_time_us)));
    }
    return !TerminationRequested();
  };
  AVOCET_ASSIGN_OR_RETURN(BacktestResult result, Backtest(config, Env::Posix(), options));
  return Summarize(config, std::move(result), judge);
}

Status WriteRows(const std::string& path, const BacktestSummary& summary) {
  AVOCET_ASSIGN_OR_RETURN(RecordOutput out, RecordOutput::Open(path));
  for (const AlertChange& change : summary.result.changes) {
    JsonWriter json;
    WriteAlertRow(change, &json);
    AVOCET_RETURN_IF_ERROR(out.Append(json.Take() + "\n"));
  }
  return out.Close();
}

void WriteTally(const AlertTally& tally, JsonWriter* json) {
  json->Field("fired", tally.fired).Field("cleared", tally.cleared);
  json->Field("flapping", tally.flapping).Field("never_fired", tally.never_fired);
  json->Field("silenced", tally.silenced).Field("open", tally.open);
}

void WriteSummary(const BacktestSummary& summary, JsonWriter* json) {
  json->BeginObject().Field("config", summary.config_file);
  json->Field("readings", summary.result.wanted_rows);
  json->Field("bronze_rows", summary.result.bronze_rows);
  json->Field("undecodable", summary.result.undecodable);
  json->Field("devices", summary.result.devices).Field("anomalies", summary.result.anomalies);
  json->Field("changes", summary.result.changes.size()).Key("alerts").BeginObject();
  WriteTally(summary.all, json);
  json->EndObject().Key("rules").BeginObject();
  for (const auto& [rule, tally] : summary.rules) {
    json->Key(rule).BeginObject();
    WriteTally(tally, json);
    json->EndObject();
  }
  json->EndObject().Key("channels").BeginObject();
  for (const ChannelForecast& channel : summary.channels) {
    json->Key(channel.channel).BeginObject().Field("messages", channel.messages);
    json->Field("digests", channel.digests).Field("digested", channel.digested);
    json->Field("silenced", channel.silenced).EndObject();
  }
  json->EndObject().Key("labels").BeginObject();
  json->Field(kTruePositive, summary.true_positives);
  json->Field(kFalsePositive, summary.false_positives).EndObject().Key("score");
  if (summary.score) {
    const FaultScore& score = *summary.score;
    // What is not known is NaN, which JSON has as null.
    json->BeginObject().Field("faults", score.all.faults).Field("found", score.all.found);
    json->Field("recall", score.Recall()).Field("precision", score.Precision());
    json->Field("false_alarms", score.false_alarms);
    json->Field("false_alarms_per_device_day", score.FalseAlarmsPerDeviceDay());
    json->Field("delay_seconds_median", Quantile(score.all.delays_s, 0.5)).EndObject();
  } else {
    json->Null();
  }
  json->EndObject();
}

std::string Compared(int64_t now, const int64_t* base) {
  const auto text = [](int64_t value) { return WithThousands(static_cast<uint64_t>(value)); };
  return base == nullptr ? text(now) : text(*base) + " -> " + text(now);
}

std::string Share(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

void PrintScore(const std::string& name, const BacktestSummary& summary) {
  if (summary.score) {
    const FaultScore& score = *summary.score;
    const double delay_s = Quantile(score.all.delays_s, 0.5);
    fmt::print("{}{} of {} faults found, recall {}, precision {}, median delay {}\n", name,
               score.all.found, score.all.faults, Share(score.Recall()), Share(score.Precision()),
               std::isnan(delay_s)
                   ? "-"
                   : FormatDuration(static_cast<int64_t>(std::llround(delay_s)) * 1'000'000));
  }
  if (summary.false_positives + summary.true_positives > 0) {
    fmt::print("{}of the labelled alerts it fires {} true and {} false ones\n", name,
               summary.true_positives, summary.false_positives);
  }
}

void PrintText(const BacktestSummary& now, const BacktestSummary* base) {
  TextTable rules({"RULE", "FIRED", "CLEARED", "FLAPPING", "DID NOT LAST", "SILENCED", "OPEN"}, 1);
  const auto add = [&](const std::string& name, const AlertTally& tally, const AlertTally* was) {
    std::vector<std::string> row = {name};
    for (const auto count : {&AlertTally::fired, &AlertTally::cleared, &AlertTally::flapping,
                             &AlertTally::never_fired, &AlertTally::silenced, &AlertTally::open}) {
      row.push_back(Compared(tally.*count, was == nullptr ? nullptr : &(was->*count)));
    }
    rules.Add(std::move(row));
  };
  for (const auto& [name, tally] : now.rules) {
    const AlertTally* was = nullptr;
    if (base != nullptr) {
      const auto found = base->rules.find(name);
      if (found != base->rules.end()) was = &found->second;
    }
    add(name, tally, was);
  }
  add("all", now.all, base == nullptr ? nullptr : &base->all);
  fmt::print("{}\n", rules.Text());
  if (!now.channels.empty()) {
    TextTable channels({"CHANNEL", "MESSAGES", "DIGESTS", "IN DIGESTS", "SILENCED"}, 1);
    for (const ChannelForecast& channel : now.channels) {
      channels.Add({channel.channel, Compared(channel.messages, nullptr),
                    Compared(channel.digests, nullptr), Compared(channel.digested, nullptr),
                    Compared(channel.silenced, nullptr)});
    }
    fmt::print("{}\n", channels.Text());
  }
  if (base != nullptr) PrintScore("before: ", *base);
  PrintScore(base == nullptr ? "" : "after: ", now);
  fmt::print("{} readings of {} devices, {} anomalies; nothing was sent\n",
             WithThousands(static_cast<uint64_t>(now.result.wanted_rows)),
             WithThousands(now.result.devices), WithThousands(now.result.anomalies));
  if (now.result.undecodable > 0) {
    fmt::print("{} rows of bronze cannot be decoded under this configuration\n",
               WithThousands(now.result.undecodable));
  }
}

void PrintJson(const BacktestSummary& now, const BacktestSummary* base) {
  JsonWriter json;
  json.BeginObject().Key("backtest");
  WriteSummary(now, &json);
  if (base != nullptr) {
    json.Key("compared_with");
    WriteSummary(*base, &json);
  }
  json.EndObject();
  fmt::print("{}\n", json.Take());
}

}  // namespace

Status RunBacktest(const BacktestArguments& arguments) {
  if (arguments.from.empty()) return Status::Usage("a backtest needs --from");
  if (arguments.diff && arguments.config.empty()) {
    return Status::Usage("--diff compares avocet.yaml, or --base, with another: name it with -c");
  }
  if (!arguments.diff && !arguments.base.empty()) {
    return Status::Usage("--base is what --diff compares with");
  }
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadLakeConfig(arguments));
  std::optional<Config> base;
  if (arguments.diff) {
    LakeArguments of_base = arguments;
    of_base.config = arguments.base;
    AVOCET_ASSIGN_OR_RETURN(base, LoadLakeConfig(of_base));
    // Both look at the same lake, that of the configuration in use.
    config.storage = base->storage;
  }
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  CatchTermination();
  AVOCET_ASSIGN_OR_RETURN(const BacktestOptions options, ReadOptions(arguments, config));
  AVOCET_ASSIGN_OR_RETURN(const BacktestJudge judge, ReadJudge(arguments, config, options));
  std::optional<BacktestSummary> was;
  if (base) {
    AVOCET_ASSIGN_OR_RETURN(was, Try(*base, options, judge, arguments));
  }
  AVOCET_ASSIGN_OR_RETURN(const BacktestSummary now, Try(config, options, judge, arguments));
  const BacktestSummary* compared = was ? &*was : nullptr;
  if (arguments.format == "json") {
    PrintJson(now, compared);
  } else {
    PrintText(now, compared);
  }
  if (!arguments.rows.empty()) AVOCET_RETURN_IF_ERROR(WriteRows(arguments.rows, now));
  if (arguments.page.empty()) return Status::Ok();
  const std::string html = BacktestHtml({.now = &now,
                                         .base = compared,
                                         .lake = config.storage.lake,
                                         .made_us = Env::Posix()->NowMicros()});
  return Env::Posix()->PutDurably(arguments.page, html, PutMode::kReplace);
}

}  // namespace avocet
