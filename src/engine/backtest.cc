#include "src/engine/backtest.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "src/base/time_format.h"
#include "src/engine/bronze_reader.h"
#include "src/engine/decision_keeper.h"
#include "src/engine/owned_lake.h"
#include "src/engine/processor.h"
#include "src/model/table_spec.h"

namespace avocet {
namespace {

// Of silver's columns, after the device.
constexpr size_t kSilverTime = 1;

// The newest epoch before which every file is older than the warm-up: the statistics of the files
// say so, in milliseconds.
Result<int64_t> EpochBefore(Table* bronze, const BacktestOptions& options) {
  int64_t begin_us = 0;
  if (!options.warm_up || options.from_us == INT64_MIN ||
      __builtin_sub_overflow(options.from_us, options.warm_up->count(), &begin_us)) {
    return 0;
  }
  const std::string begin = FormatTimestamp(begin_us / 1'000'000 * 1'000'000).substr(0, 19);
  int64_t epoch = std::numeric_limits<int64_t>::max();
  AVOCET_ASSIGN_OR_RETURN(const auto files, bronze->Files());
  for (const TableFile& file : files) {
    const auto newest = file.max_texts.find("event_time");
    const auto oldest = file.min_values.find("epoch");
    if (newest != file.max_texts.end() && newest->second.substr(0, 19) < begin) continue;
    if (oldest == file.min_values.end()) return 0;
    epoch = std::min(epoch, oldest->second - 1);
  }
  return epoch == std::numeric_limits<int64_t>::max() ? 0 : std::max<int64_t>(epoch, 0);
}

class Backtester {
 public:
  Backtester(const Config& config, const BacktestOptions& options, LakeTables* tables,
             const Decisions& decisions, StageClock* clock)
      : options_(options),
        tables_(*tables),
        processor_(config, tables->layout(), NumThreads(config), clock) {
    processor_.set_decisions(decisions);
    processor_.set_alert_sink([this](std::span<const AlertChange> changes) { Take(changes); },
                              /*takes_replayed=*/true);
  }

  Result<BacktestResult> Run() {
    Table& bronze = tables_.table(kBronze);
    AVOCET_ASSIGN_OR_RETURN(const int64_t after_epoch, EpochBefore(&bronze, options_));
    AVOCET_RETURN_IF_ERROR(ReadBronze(&bronze, after_epoch,
                                      [&](int64_t, int64_t, const std::vector<RawBatch>& batches) {
                                        return OnBatches(batches);
                                      }));
    result_.undecodable = processor_.replay_rejects();
    result_.devices = processor_.num_devices();
    return std::move(result_);
  }

 private:
  bool IsWanted(int64_t time_us) const {
    return time_us >= options_.from_us && time_us < options_.to_us;
  }

  void Take(std::span<const AlertChange> changes) {
    for (const AlertChange& change : changes) {
      if (IsWanted(change.event_time_us)) result_.changes.push_back(change);
    }
  }

  Status OnBatches(const std::vector<RawBatch>& batches) {
    for (const RawBatch& batch : batches) {
      result_.bronze_rows += static_cast<int64_t>(batch.records.size());
    }
    const std::unique_ptr<Epoch> epoch = MakeEpoch(tables_.layout(), processor_.metrics(), 0, 0);
    AVOCET_RETURN_IF_ERROR(processor_.Process(batches, kNoFuture, /*replayed=*/true, epoch.get()));
    for (const int64_t time_us : epoch->rows[kSilver]->column(kSilverTime).ints()) {
      if (!IsWanted(time_us)) continue;
      ++result_.wanted_rows;
      result_.first_us = std::min(result_.first_us.value_or(time_us), time_us);
      result_.last_us = std::max(result_.last_us.value_or(time_us), time_us);
    }
    for (const int64_t time_us : epoch->rows[kAnomalies]->column(anomalies::kEventTime).ints()) {
      result_.anomalies += IsWanted(time_us) ? 1 : 0;
    }
    if (options_.on_progress &&
        !options_.on_progress(result_.bronze_rows, processor_.fleet_time_us())) {
      return Status::Cancelled("the backtest was ended");
    }
    return Status::Ok();
  }

  const BacktestOptions& options_;
  LakeTables& tables_;
  Processor processor_;
  BacktestResult result_;
};

}  // namespace

Result<BacktestResult> Backtest(const Config& config, Env* env, const BacktestOptions& options) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, env));
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  AVOCET_ASSIGN_OR_RETURN(const Decisions decisions, ReadDecisions(config, env));
  StageClock clock(env);
  return Backtester(config, options, &tables, decisions, &clock).Run();
}

}  // namespace avocet
