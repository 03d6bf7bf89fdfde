#include "python/src/python_engine.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <utility>

#include "python/src/arrow_input.h"
#include "python/src/arrow_table.h"
#include "python/src/failure.h"
#include "python/src/records.h"
#include "src/config/load.h"
#include "src/engine/builtin_detectors.h"
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

}  // namespace

Config ConfigOf(const std::string& text, const std::string& file) {
  LoadedConfig loaded = ParseConfig(text, file, EnvironmentVariable, DetectorSpecs());
  if (!loaded.errors.empty()) throw InputFailure(FormatErrors(loaded.errors, file, text));
  return std::move(loaded.config);
}

// The rows of a call, in batches.
class PythonEngine::Rows {
 public:
  /// Takes what the engine has found and lets it begin anew.
  void Take(EmbeddedEngine* engine) {
    const Epoch& rows = engine->rows();
    for (size_t id = kQuarantine; id < kNumTables; ++id) Add(id, rows.rows[id]);
    Add(kAmended, rows.amended_stats);
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
    for (size_t id = kQuarantine; id < batches_.size(); ++id) {
      const std::string name(id == kAmended ? "amended_stats" : TableName(id));
      tables[name.c_str()] = ArrowTable({batches_[id].begin(), batches_[id].end()});
    }
    return tables;
  }

 private:
  static constexpr size_t kAmended = kNumTables;

  void Add(size_t id, const std::shared_ptr<ColumnBatch>& batch) {
    auto& batches = batches_[id];
    if (!batches.empty() && batch->rows() == 0 && id != kSilver) return;
    batches.push_back(batch);
  }

  std::array<std::vector<std::shared_ptr<ColumnBatch>>, kNumTables + 1> batches_;
};

PythonEngine::PythonEngine(Config config)
    : config_(config), engine_(std::move(config), Env::Posix()) {}

void PythonEngine::ThrowIfBroken() const {
  if (!broken_.empty()) {
    throw InputFailure("the engine stopped and needs restore() or a new one: " + broken_);
  }
}

nb::dict PythonEngine::Process(nb::handle capsules, const std::string& payload,
                               std::optional<int64_t> now_us, bool replayed) {
  ArrowInput input(capsules);
  Rows rows;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    ThrowIfBroken();
    const int64_t now = replayed             ? kNoFuture
                        : now_us.has_value() ? *now_us
                                             : Env::Posix()->NowMicros();
    int64_t pending = 0;
    bool begun = false;
    const auto process = [&](const std::vector<RawBatch>& batches) {
      begun = true;
      AVOCET_RETURN_IF_ERROR(engine_.Process(batches, now, replayed));
      for (const RawBatch& batch : batches) pending += static_cast<int64_t>(batch.records.size());
      if (pending >= kBatchRows || engine_.rows().Bytes() >= kBatchBytes) {
        rows.Take(&engine_);
        pending = 0;
      }
      return Status::Ok();
    };
    const Result<int64_t> read = ForEachTick(
        &input, config_.schema,
        {.payload_column = payload, .tick_records = kTickRecords, .first_offset = next_offset_},
        process);
    if (!read.ok()) {
      // What came before the error is in the state, and would be missing from the rows.
      if (begun) broken_ = read.status().message();
      throw InputFailure(read.status().message());
    }
    next_offset_ += *read;
    rows.Take(&engine_);
  }
  return rows.Tables();
}

nb::dict PythonEngine::Finish() {
  Rows rows;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    ThrowIfBroken();
    engine_.FlushHours();
    rows.Take(&engine_);
  }
  return rows.Tables();
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
          [](PythonEngine* self, const std::string& text, const std::string& file) {
            new (self) PythonEngine(ConfigOf(text, file));
          },
          nb::arg("text"), nb::arg("file"))
      .def("process", &PythonEngine::Process, nb::arg("capsules"), nb::arg("payload"),
           nb::arg("now_us").none(), nb::arg("replayed"))
      .def("finish", &PythonEngine::Finish)
      .def("state", &PythonEngine::State)
      .def("restore", &PythonEngine::Restore, nb::arg("state"))
      .def("counters", &PythonEngine::Counters);
}

}  // namespace avocet
