#include "test/scenario/scenario_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include "src/config/instant.h"
#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/engine/engine.h"
#include "src/engine/table_care.h"
#include "test/lake/table_text.h"

namespace avocet {
namespace {

constexpr const char* kLake = "/lake";
constexpr const char* kData = "/data";
constexpr std::string_view kCrashed = "the scenario cuts the power";
// An engine that follows files has seen all of them after so many naps of a few milliseconds.
constexpr int kNapsToFollow = 300;
constexpr int kMostRestarts = 1'000;

// Ends an engine that follows its files when it has been idle for long enough.
class PatientEnv : public SimEnv {
 public:
  void StopAfterNaps(Engine* engine) {
    engine_ = engine;
    naps_ = 0;
  }
  void SleepFor(std::chrono::nanoseconds duration) override {
    SimEnv::SleepFor(duration);
    if (engine_ != nullptr && ++naps_ == kNapsToFollow) engine_->Stop();
  }

 private:
  Engine* engine_ = nullptr;
  int naps_ = 0;
};

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

bool IsClose(const std::string& want, const std::string& have) {
  double wanted = 0, found = 0;
  const auto parse = [](std::string_view text, double* value) {
    return std::from_chars(text.data(), text.data() + text.size(), *value).ec == std::errc();
  };
  if (!parse(std::string_view(want).substr(1), &wanted) || !parse(have, &found)) return false;
  return std::abs(wanted - found) <= 1e-9 * std::max(1.0, std::abs(wanted));
}

// An expected cell "~1.5" is compared as a number, to nine digits, and "word*" is a beginning.
bool CellsMatch(const std::string& want, const std::string& have) {
  if (want == have) return true;
  if (want.starts_with("~")) return IsClose(want, have);
  const std::string_view text = have.starts_with("\"") ? std::string_view(have).substr(1) : have;
  return want.ends_with("*") && text.starts_with(want.substr(0, want.size() - 1));
}

bool RowsMatch(const TextRow& want, const TextRow& have) {
  return std::equal(want.begin(), want.end(), have.begin(), have.end(), CellsMatch);
}

std::string Listing(const std::vector<TextRow>& rows) {
  std::string text;
  for (const TextRow& row : rows) text += "    " + JoinCells(row) + "\n";
  return text.empty() ? "    (none)\n" : text;
}

}  // namespace

std::string ScenarioVariant::Text() const {
  return fmt::format("tick {} threads {} commit_rows {}{}{}{}", tick_records, threads, commit_rows,
                     snapshot_always ? " snapshots" : "", compact ? " compacted" : "",
                     crash_after ? " with crashes" : "");
}

ScenarioRunner::ScenarioRunner(const Scenario& scenario, const ScenarioVariant& variant)
    : scenario_(scenario), variant_(variant), env_(std::make_unique<PatientEnv>()) {}

Status ScenarioRunner::Play() {
  for (const ScenarioStep& step : scenario_.steps) {
    const Status status = Do(step);
    if (!status.ok()) {
      return status.WithContext(
          fmt::format("line {} ({}), {}", step.line, step.word, variant_.Text()));
    }
  }
  if (!run_judged_) return run_status_.WithContext("the last run, " + variant_.Text());
  return Status::Ok();
}

Status ScenarioRunner::Do(const ScenarioStep& step) {
  if (!run_judged_ && step.word != "expect") return run_status_;
  if (step.word == "config") return Configure(step.text);
  if (step.word == "input") return Write(step.arguments[0], step.text, false);
  if (step.word == "append") return Write(step.arguments[0], step.text, true);
  if (step.word == "expect") return Expect(step);
  const auto path = [&](size_t i) { return std::string(kData) + "/" + step.arguments[i]; };
  if (step.word == "rename") {
    AVOCET_RETURN_IF_ERROR(env_->Rename(path(0), path(1)));
    return env_->SyncDirectory(kData);
  }
  if (step.word == "remove") {
    AVOCET_RETURN_IF_ERROR(env_->Remove(path(0)));
    return env_->SyncDirectory(kData);
  }
  if (step.word == "clock") {
    const auto instant = ParseInstant(step.arguments[0]);
    if (!instant) return Status::Invalid("no instant: " + step.arguments[0]);
    env_->SetNowMicros(*instant);
    return Status::Ok();
  }
  const bool once = step.arguments.empty();
  if (!once && step.arguments[0] != "follow") return Status::Invalid("run what?");
  run_status_ = RunUntilDone(once);
  run_judged_ = run_status_.ok();
  return run_status_.ok() ? CheckLake(env_.get(), kLake) : Status::Ok();
}

Status ScenarioRunner::Configure(const std::string& yaml) {
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  LoadedConfig loaded = ParseConfig(yaml, "scenario", nothing, DetectorSpecs());
  if (!loaded.errors.empty()) {
    return Status::Config(FormatErrors(loaded.errors, "scenario", yaml));
  }
  config_ = std::move(loaded.config);
  if (config_.sources.empty()) {
    config_.sources.push_back({.name = "file", .options = FileSourceConfig{.paths = {kData}}});
  }
  config_.storage.lake = kLake;
  config_.storage.commit_rows = variant_.commit_rows;
  config_.storage.care_enabled = false;
  if (variant_.snapshot_always) config_.storage.snapshot_interval = Duration(0);
  config_.engine.threads = variant_.threads;
  config_.engine.tick_records = variant_.tick_records;
  return Status::Ok();
}

Status ScenarioRunner::Write(const std::string& name, const std::string& bytes, bool append) {
  const std::string path = std::string(kData) + "/" + name;
  AVOCET_RETURN_IF_ERROR(env_->MakeDirectories(path.substr(0, path.rfind('/'))));
  std::string content;
  if (append) {
    AVOCET_ASSIGN_OR_RETURN(content, env_->ReadFile(path));
  }
  // Written again under the same identity, as no engine is looking.
  AVOCET_ASSIGN_OR_RETURN(const auto file, env_->OpenForWrite(path));
  AVOCET_RETURN_IF_ERROR(file->Append(content + bytes));
  AVOCET_RETURN_IF_ERROR(file->Sync());
  AVOCET_RETURN_IF_ERROR(file->Close());
  return env_->SyncDirectory(path.substr(0, path.rfind('/')));
}

Status ScenarioRunner::RunUntilDone(bool once) {
  for (int restarts = 0; restarts < kMostRestarts; ++restarts) {
    const Status status = RunOnce(once);
    const bool crashed = !status.ok() && status.message().find(kCrashed) != std::string::npos;
    if (crashed) env_->Crash(variant_.crash);
    if (variant_.compact) AVOCET_RETURN_IF_ERROR(Compact());
    if (!crashed) return status;
  }
  return Status::Internal("the engine makes no progress from crash to crash");
}

Status ScenarioRunner::RunOnce(bool once) {
  const StepHook on_step = [this](std::string_view, int64_t) {
    ++num_steps_;
    const bool crash = variant_.crash_after && variant_.crash_after(num_steps_);
    return crash ? Status::Cancelled(std::string(kCrashed)) : Status::Ok();
  };
  AVOCET_ASSIGN_OR_RETURN(const auto engine,
                          Engine::Open(config_, env_.get(), {.once = once, .on_step = on_step}));
  auto* env = static_cast<PatientEnv*>(env_.get());
  if (!once) env->StopAfterNaps(engine.get());
  const Status status = engine->Run();
  env->StopAfterNaps(nullptr);
  const Totals totals = engine->progress().totals;
  counters_ = fmt::format(
      "received {}\naccepted {}\nquarantined {}\nduplicates {}\ndropped {}\nlate {}\n"
      "anomalies {}\nempty {}\n",
      totals.received, totals.accepted, totals.quarantined, totals.duplicates, totals.dropped,
      totals.late, totals.anomalies, totals.empty);
  return status;
}

Status ScenarioRunner::Compact() {
  std::vector<std::string> metrics;
  for (const MetricConfig& metric : config_.schema.metrics) metrics.push_back(metric.name);
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::OpenLocal(env_.get(), kLake));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::Open(lake.get(), config_, metrics));
  Config eager = config_;
  eager.storage.compact_min_files = 2;
  for (size_t id = 0; id < kNumTables; ++id) {
    CareReport report;
    AVOCET_RETURN_IF_ERROR(CompactTable(eager, &tables, id, /*dry_run=*/false, &report));
    AVOCET_RETURN_IF_ERROR(tables.table(id).WriteCheckpoint());
  }
  return Status::Ok();
}

Status ScenarioRunner::Expect(const ScenarioStep& step) {
  const std::string& what = step.arguments[0];
  if (what == "error") {
    const std::string want = step.text.substr(0, step.text.find_last_not_of('\n') + 1);
    if (run_status_.ok()) return Status::Invalid("the run went well, but should say: " + want);
    if (run_status_.message() != want) {
      return Status::Invalid("wrong error\n  want: " + want + "\n  have: " + run_status_.message());
    }
    run_judged_ = true;
    return Status::Ok();
  }
  if (!run_judged_) return run_status_;
  if (what == "counters") return ExpectCounters(step.text);
  if (what == "columns") return ExpectColumns(step.arguments.at(1), step.text);
  return ExpectRows(what, step.text);
}

Status ScenarioRunner::ExpectRows(const std::string& table, const std::string& text) {
  const std::vector<std::string> lines = LinesOf(text);
  if (lines.empty()) return Status::Invalid("the first line must name the columns");
  AVOCET_ASSIGN_OR_RETURN(TableText have,
                          ReadTable(env_.get(), kLake, table, SplitCells(lines[0])));
  std::vector<TextRow> missing;
  for (size_t i = 1; i < lines.size(); ++i) {
    const TextRow want = SplitCells(lines[i]);
    const auto found = std::find_if(have.rows.begin(), have.rows.end(),
                                    [&](const TextRow& row) { return RowsMatch(want, row); });
    if (found == have.rows.end()) {
      missing.push_back(want);
    } else {
      have.rows.erase(found);
    }
  }
  if (missing.empty() && have.rows.empty()) return Status::Ok();
  return Status::Invalid("rows of " + table + " differ\n  wanted, but not there:\n" +
                         Listing(missing) + "  there, but not wanted:\n" + Listing(have.rows));
}

Status ScenarioRunner::ExpectColumns(const std::string& table, const std::string& text) {
  AVOCET_ASSIGN_OR_RETURN(const TableText have, ReadTable(env_.get(), kLake, table, {}));
  const std::vector<std::string> lines = LinesOf(text);
  if (lines.size() == 1 && SplitCells(lines[0]) == have.columns) return Status::Ok();
  return Status::Invalid("columns of " + table + " are\n    " + JoinCells(have.columns));
}

Status ScenarioRunner::ExpectCounters(const std::string& text) {
  const std::vector<std::string> have = LinesOf(counters_);
  for (const std::string& line : LinesOf(text)) {
    if (std::find(have.begin(), have.end(), line) == have.end()) {
      return Status::Invalid("wanted " + line + ", but the counters are\n" + counters_);
    }
  }
  return Status::Ok();
}

}  // namespace avocet
