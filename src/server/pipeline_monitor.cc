#include "src/server/pipeline_monitor.h"

#include <chrono>
#include <utility>
#include <vector>

#include "src/engine/owned_lake.h"
#include "src/env/free_space.h"

namespace avocet {
namespace {

constexpr std::chrono::seconds kInterval{1};

}  // namespace

PipelineState PipelineStateOf(const Progress& progress) {
  PipelineState state;
  for (const SourceProgress& source : progress.sources) {
    state.sources.push_back({.name = source.name,
                             .ready = source.health.ready,
                             .problem = source.health.problem,
                             .lag_ms = source.health.lag_ms});
  }
  state.problem = progress.problem;
  state.received = progress.totals.received;
  state.quarantined = progress.totals.quarantined;
  return state;
}

PipelineMonitor::PipelineMonitor(const Engine* engine, Notifier* notifier, Env* env)
    : engine_(engine), notifier_(notifier), env_(env), watch_(engine->config().alerts.pipeline) {}

Result<std::unique_ptr<PipelineMonitor>> PipelineMonitor::Start(const Engine* engine,
                                                                Notifier* notifier, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const std::vector<AlertChange> open,
                          notifier->outbox().OpenAlerts(kPipelineRule));
  std::vector<AlertChange> ends;
  for (const AlertChange& alert : open) ends.push_back(EndOfLeftOver(alert, env->NowMicros()));
  notifier->Publish(ends);
  std::unique_ptr<PipelineMonitor> monitor(new PipelineMonitor(engine, notifier, env));
  PipelineMonitor* const self = monitor.get();
  monitor->thread_ = std::thread([self] { self->Loop(); });
  return monitor;
}

PipelineMonitor::~PipelineMonitor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void PipelineMonitor::Loop() {
  const std::string directory = DataDir(engine_->config());
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kInterval, [&] { return stopping_; })) {
    PipelineState state = PipelineStateOf(engine_->progress());
    // A disk that cannot be asked is told of by what cannot be written to it.
    const auto free_bytes = FreeSpaceBytes(directory);
    if (free_bytes.ok()) state.free_bytes = *free_bytes;
    std::vector<AlertChange> changes;
    watch_.Observe(state, env_->NowMicros(), &changes);
    if (!changes.empty()) notifier_->Publish(changes);
  }
}

}  // namespace avocet
