// CloudWatchPublisher: puts the numbers of a run into CloudWatch, on a thread of its own.
//
// What CloudWatch does not take is kept for some hours and sent when it answers again, with the
// time at which it was true. It never delays the engine.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/net/cloudwatch_client.h"
#include "src/server/cloudwatch_metrics.h"

namespace avocet {

class CloudWatchPublisher {
 public:
  struct Options {
    const Config* config = nullptr;  ///< borrowed, as env
    Env* env = nullptr;
    std::function<Progress()> progress;       ///< called on the publisher's thread
    std::shared_ptr<AwsTransport> transport;  ///< null: the real one
  };

  /// Errors as AwsTransport::Open.
  static Result<std::unique_ptr<CloudWatchPublisher>> Start(Options options);
  /// Publishes what there is a last time, which takes no longer than one request may, and stops.
  ~CloudWatchPublisher();

  /// Counts the alerts that fire. Any thread.
  void CountAlerts(std::span<const AlertChange> changes);

 private:
  CloudWatchPublisher(Options options, std::shared_ptr<AwsTransport> transport);
  void Loop();
  void Collect();
  void Send();

  const Options options_;
  CloudWatchClient client_;
  Progress before_;                       // publisher's thread, as the next two
  std::vector<CloudWatchDatum> waiting_;  // oldest first
  std::string problem_;                   // last told
  std::mutex mutex_;
  std::condition_variable changed_;
  AlertCounts alerts_;     // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
