#include "src/server/cloudwatch_publisher.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace avocet {
namespace {

// About three hours of a configuration with few rules.
constexpr size_t kMostWaiting = 5'000;
// An end waits no longer for CloudWatch.
constexpr std::chrono::seconds kTimeout{10};

}  // namespace

CloudWatchPublisher::CloudWatchPublisher(Options options, std::shared_ptr<AwsTransport> transport)
    : options_(std::move(options)),
      client_(std::move(transport), options_.config->cloudwatch.aws.endpoint),
      before_(options_.progress()) {}

Result<std::unique_ptr<CloudWatchPublisher>> CloudWatchPublisher::Start(Options options) {
  std::shared_ptr<AwsTransport> transport = options.transport;
  if (transport == nullptr) {
    AwsOptions aws = options.config->cloudwatch.aws;
    aws.timeout = kTimeout;
    AVOCET_ASSIGN_OR_RETURN(transport, AwsTransport::Open(aws, options.env));
  }
  std::unique_ptr<CloudWatchPublisher> publisher(
      new CloudWatchPublisher(std::move(options), std::move(transport)));
  CloudWatchPublisher* const self = publisher.get();
  publisher->thread_ = std::thread([self] { self->Loop(); });
  return publisher;
}

CloudWatchPublisher::~CloudWatchPublisher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CloudWatchPublisher::CountAlerts(std::span<const AlertChange> changes) {
  const std::lock_guard lock(mutex_);
  alerts_.Add(changes);
}

void CloudWatchPublisher::Loop() {
  bool last = false;
  while (!last) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, options_.config->cloudwatch.interval, [&] { return stopping_; });
      last = stopping_;
    }
    Collect();
    Send();
  }
}

void CloudWatchPublisher::Collect() {
  AlertCounts alerts;
  {
    const std::lock_guard lock(mutex_);
    alerts = std::exchange(alerts_, {});
  }
  Progress now = options_.progress();
  const std::vector<CloudWatchDatum> data =
      CloudWatchData(*options_.config, before_, now, alerts, options_.env->NowMicros());
  before_ = std::move(now);
  waiting_.insert(waiting_.end(), data.begin(), data.end());
  if (waiting_.size() <= kMostWaiting) return;
  const size_t dropped = waiting_.size() - kMostWaiting;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(dropped));
  spdlog::warn("dropped the oldest {} values for CloudWatch, which does not take them", dropped);
}

void CloudWatchPublisher::Send() {
  size_t sent = 0;
  const Status status =
      client_.PutMetricData(options_.config->cloudwatch.metrics_namespace, waiting_, &sent);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(sent));
  if (status.ok()) {
    if (!problem_.empty()) spdlog::info("CloudWatch takes metrics again");
    problem_.clear();
    return;
  }
  if (problem_ != status.message()) {
    spdlog::warn("cannot put metrics into CloudWatch, trying again: {}", status.message());
    problem_ = status.message();
  }
  // What it finds wrong would be wrong the next time, too.
  if (status.code() == StatusCode::kInvalid) waiting_.clear();
}

}  // namespace avocet
