#include "python/src/python_engine.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>

#include "python/src/arrow_input.h"
#include "python/src/arrow_table.h"
#include "python/src/failure.h"
#include "python/src/records.h"
#include "src/config/load.h"
#include "src/engine/builtin_detectors.h"
#include "src/engine/fleet_exchange.h"
#include "src/env/env.h"
#include "src/env/program.h"

namespace nb = nanobind;

namespace avocet {
namespace {

// As a tick of `avocet run` under load.
constexpr size_t kTickRecords = 8192;
// Rows of a batch that is lent on; their strings must stay below 2 GiB.
constexpr int64_t kBatchRows = 250'000;
constexpr size_t kBatchBytes = size_t{256} << 20;

void DropQualityRules(Config* config) {
  for (MetricConfig& metric : config->schema.metrics) {
    metric.min = metric.max = metric.max_rate = std::nullopt;
    metric.not_null = false;
    metric.allowed.clear();
  }
}

}  // namespace

Config ConfigOf(const std::string& text, const std::string& file) {
  LoadedConfig loaded =
      ParseConfig(text, file, EnvironmentVariable, DetectorSpecs(), FilesOf(Env::Posix()));
  if (!loaded.errors.empty()) throw InputFailure(FormatErrors(loaded.errors, file, text));
  return std::move(loaded.config);
}

// Rows that nobody has taken yet, in batches.
class PythonEngine::Rows {
 public:
  /// Takes what the engine has found and lets it begin anew.
  void Take(EmbeddedEngine* engine) {
    const Epoch& rows = engine->rows();
    for (size_t id = 0; id < kNumTables; ++id) Add(id, rows.rows[id]);
    Add(kAmendedStats, rows.amended_stats);
    Add(kAmendedHealth, rows.amended_health);
    engine->ClearRows();
  }

  nb::dict Tables() {
    // Metrics that appeared later are columns of the earlier batches, too.
    const ColumnBatch& last = *batches_[kSilver].back();
    for (const auto& batch : batches_[kSilver]) {
      for (size_t i = batch->num_columns(); i < last.num_columns(); ++i) {
        batch->AddColumn(last.column(i).name(), last.column(i).type());
      }
    }
    nb::dict tables;
    for (size_t id = 0; id < batches_.size(); ++id) {
      const std::string name(id == kAmendedStats    ? "amended_stats"
                             : id == kAmendedHealth ? "amended_health"
                                                    : TableName(id));
      tables[name.c_str()] = ArrowTable({batches_[id].begin(), batches_[id].end()});
    }
    return tables;
  }

 private:
  static constexpr size_t kAmendedStats = kNumTables, kAmendedHealth = kNumTables + 1;

  void Add(size_t id, const std::shared_ptr<ColumnBatch>& batch) {
    auto& batches = batches_[id];
    if (!batches.empty() && batch->rows() == 0 && id != kSilver) return;
    batches.push_back(batch);
  }

  std::array<std::vector<std::shared_ptr<ColumnBatch>>, kNumTables + 2> batches_;
};

PythonEngine::PythonEngine(Config config, bool is_part)
    : config_(config), engine_(std::move(config), Env::Posix()) {
  if (is_part) engine_.processor().set_is_part_of_fleet();
}

PythonEngine::~PythonEngine() = default;

void PythonEngine::ThrowIfBroken() const {
  if (!broken_.empty()) {
    throw InputFailure("the engine stopped and needs restore() or a new one: " + broken_);
  }
}

void PythonEngine::CollectRows() {
  if (rows_ == nullptr) rows_ = std::make_unique<Rows>();
  rows_->Take(&engine_);
}

void PythonEngine::Feed(nb::handle capsules, const std::string& payload,
                        const std::string& fleet_time, std::optional<int64_t> now_us,
                        bool replayed) {
  ArrowInput input(capsules);
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  ThrowIfBroken();
  const int64_t now = replayed             ? kNoFuture
                      : now_us.has_value() ? *now_us
                                           : Env::Posix()->NowMicros();
  bool begun = false;
  const auto process = [&](const RecordTick& tick) {
    begun = true;
    AVOCET_RETURN_IF_ERROR(engine_.Process(tick.batches, now, replayed, tick.fleet_times_us));
    for (const RawBatch& batch : tick.batches) {
      pending_ += static_cast<int64_t>(batch.records.size());
    }
    if (pending_ >= kBatchRows || engine_.rows().Bytes() >= kBatchBytes) {
      CollectRows();
      pending_ = 0;
    }
    return Status::Ok();
  };
  const Result<int64_t> read = ForEachTick(&input, config_.schema,
                                           {.payload_column = payload,
                                            .fleet_time_column = fleet_time,
                                            .tick_records = kTickRecords,
                                            .first_offset = next_offset_},
                                           process);
  if (!read.ok()) {
    // What came before the error is in the state, and would be missing from the rows.
    if (begun) {
      broken_ = read.status().message();
      rows_.reset();
    }
    throw InputFailure(read.status().message());
  }
  next_offset_ += *read;
}

nb::dict PythonEngine::Take() {
  std::unique_ptr<Rows> rows;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    ThrowIfBroken();
    CollectRows();
    pending_ = 0;
    rows = std::move(rows_);
  }
  return rows->Tables();
}

void PythonEngine::Finish() {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  ThrowIfBroken();
  engine_.FlushHours();
}

void PythonEngine::AdvanceFleet(int64_t fleet_time_us, bool replayed) {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  ThrowIfBroken();
  ThrowUnlessOk(engine_.AdvanceFleet(fleet_time_us, replayed));
}

nb::bytes PythonEngine::CollectFleet(int64_t bucket) {
  std::string samples;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    ThrowIfBroken();
    samples = EncodeSamples(engine_.processor().CollectFleet(bucket));
  }
  return nb::bytes(samples.data(), samples.size());
}

void PythonEngine::LearnFleet(int64_t bucket, const nb::bytes& medians) {
  const std::string_view bytes(medians.c_str(), medians.size());
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  engine_.processor().LearnFleet(bucket, ValueOrThrow(DecodeMedians(bytes)));
}

nb::bytes PythonEngine::State() {
  std::string state;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    ThrowIfBroken();
    state = engine_.SaveState();
  }
  return nb::bytes(state.data(), state.size());
}

void PythonEngine::Restore(const nb::bytes& state) {
  const std::string_view bytes(state.c_str(), state.size());  // lives as long as the argument
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  const Status status = engine_.LoadState(bytes);
  if (!status.ok()) throw StateFailure("cannot restore the state: " + status.message());
  rows_.reset();
  pending_ = 0;
  next_offset_ = static_cast<int64_t>(engine_.processor().totals().received);
  broken_.clear();
}

nb::dict PythonEngine::Counters() {
  Totals totals;
  size_t devices = 0, state_bytes = 0;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    totals = engine_.processor().totals();
    devices = engine_.processor().num_devices();
    state_bytes = engine_.processor().StateBytes();
  }
  nb::dict counters;
  counters["received"] = totals.received;
  counters["accepted"] = totals.accepted;
  counters["quarantined"] = totals.quarantined;
  counters["duplicates"] = totals.duplicates;
  counters["dropped"] = totals.dropped;
  counters["late"] = totals.late;
  counters["anomalies"] = totals.anomalies;
  counters["devices"] = devices;
  counters["state_bytes"] = state_bytes;
  return counters;
}

void BindPythonEngine(nb::module_* module) {
  nb::class_<PythonEngine>(*module, "Engine")
      .def(
          "__init__",
          [](PythonEngine* self, const std::string& text, const std::string& file, bool is_part,
             bool takes_in, bool has_rules) {
            Config config = ConfigOf(text, file);
            if (!has_rules) DropQualityRules(&config);
            if (takes_in) {
              config.detectors.clear();
              config.alerts.rules.clear();
            }
            // There are many parts, on threads of somebody else.
            if (is_part) config.engine.threads = 1;
            new (self) PythonEngine(std::move(config), is_part);
          },
          nb::arg("text"), nb::arg("file"), nb::arg("is_part") = false, nb::arg("takes_in") = false,
          nb::arg("has_rules") = true)
      .def("feed", &PythonEngine::Feed, nb::arg("capsules"), nb::arg("payload"),
           nb::arg("fleet_time"), nb::arg("now_us").none(), nb::arg("replayed"))
      .def("take", &PythonEngine::Take)
      .def("compares_fleet", &PythonEngine::ComparesFleet)
      .def("advance_fleet", &PythonEngine::AdvanceFleet, nb::arg("fleet_time_us"),
           nb::arg("replayed"))
      .def("collect_fleet", &PythonEngine::CollectFleet, nb::arg("bucket"))
      .def("learn_fleet", &PythonEngine::LearnFleet, nb::arg("bucket"), nb::arg("medians"))
      .def("finish", &PythonEngine::Finish)
      .def("state", &PythonEngine::State)
      .def("restore", &PythonEngine::Restore, nb::arg("state"))
      .def("counters", &PythonEngine::Counters);
  module->def(
      "medians_of_parts",
      [](const std::vector<nb::bytes>& parts) {
        std::vector<std::string_view> views;
        for (const nb::bytes& part : parts) views.emplace_back(part.c_str(), part.size());
        const std::string medians = ValueOrThrow(MediansOfParts(views));
        return nb::bytes(medians.data(), medians.size());
      },
      nb::arg("parts"));
}

}  // namespace avocet
