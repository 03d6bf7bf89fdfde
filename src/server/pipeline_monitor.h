// PipelineMonitor: looks at the engine once a second, and tells channels of its trouble.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "src/alert/notifier.h"
#include "src/alert/pipeline_watch.h"
#include "src/engine/engine.h"
#include "src/env/env.h"

namespace avocet {

class PipelineMonitor {
 public:
  /// Ends the alerts that an earlier run has left open, and begins. All are borrowed.
  static Result<std::unique_ptr<PipelineMonitor>> Start(const Engine* engine, Notifier* notifier,
                                                        Env* env);
  ~PipelineMonitor();

 private:
  PipelineMonitor(const Engine* engine, Notifier* notifier, Env* env);
  void Loop();

  const Engine* const engine_;
  Notifier* const notifier_;
  Env* const env_;
  PipelineWatch watch_;  // monitor's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

/// What the watch is told of the engine.
PipelineState PipelineStateOf(const Progress& progress);

}  // namespace avocet
