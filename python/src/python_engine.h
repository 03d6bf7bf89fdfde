// PythonEngine: an EmbeddedEngine fed with Arrow tables. avocet.Engine is a thin layer over it.
#pragma once

#include <nanobind/nanobind.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/engine/embedded_engine.h"
#include "src/model/column_batch.h"

namespace avocet {

/// The configuration in `text`. Throws InputFailure with all of its mistakes, which avocet._config
/// has looked for before. `file`: its name for messages.
Config ConfigOf(const std::string& text, const std::string& file);

/// Any thread of Python; one at a time gets in, without the GIL.
class PythonEngine {
 public:
  /// `is_part`: the engine has a part of a fleet; see Processor.
  PythonEngine(Config config, bool is_part);
  ~PythonEngine();

  /// Processes a table. `payload`, `fleet_time`: columns, see RecordOptions. `now_us`: nothing
  /// means the time of day; ignored when `replayed`.
  void Feed(nanobind::handle capsules, const std::string& payload, const std::string& fleet_time,
            std::optional<int64_t> now_us, bool replayed);
  /// The rows that were found since, of each table by its short name.
  nanobind::dict Take();
  /// The rows of the hours that are open: the stream ends.
  void Finish();

  // Of a part of a fleet; see Processor.

  bool ComparesFleet() { return !engine_.processor().CollectFleet(0).empty(); }
  void AdvanceFleet(int64_t fleet_time_us, bool replayed);
  nanobind::bytes CollectFleet(int64_t bucket);
  void LearnFleet(int64_t bucket, const nanobind::bytes& medians);

  nanobind::bytes State();
  void Restore(const nanobind::bytes& state);

  nanobind::dict Counters();

 private:
  class Rows;

  void ThrowIfBroken() const;
  void CollectRows();

  const Config config_;
  std::mutex mutex_;
  EmbeddedEngine engine_;       // guarded by mutex_
  std::unique_ptr<Rows> rows_;  // guarded by mutex_; what was found since Take
  int64_t pending_ = 0;         // guarded by mutex_; rows in engine_
  int64_t next_offset_ = 0;     // guarded by mutex_
  std::string broken_;          // guarded by mutex_; why the engine cannot go on; empty: it can
};

void BindPythonEngine(nanobind::module_* module);

}  // namespace avocet
