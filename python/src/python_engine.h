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
  explicit PythonEngine(Config config);

  /// Processes a table; the rows of each table by its short name. `payload`: see RecordOptions.
  /// `now_us`: nothing means the time of day; ignored when `replayed`.
  nanobind::dict Process(nanobind::handle capsules, const std::string& payload,
                         std::optional<int64_t> now_us, bool replayed);
  /// The rows of the hours that are open: the stream ends.
  nanobind::dict Finish();

  nanobind::bytes State();
  void Restore(const nanobind::bytes& state);

  nanobind::dict Counters();

 private:
  class Rows;

  void ThrowIfBroken() const;

  const Config config_;
  std::mutex mutex_;
  EmbeddedEngine engine_;    // guarded by mutex_
  int64_t next_offset_ = 0;  // guarded by mutex_
  std::string broken_;       // guarded by mutex_; why the engine cannot go on; empty: it can
};

void BindPythonEngine(nanobind::module_* module);

}  // namespace avocet
