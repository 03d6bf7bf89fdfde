// CloudWatchClient: metrics, dashboards and alarms of Amazon CloudWatch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/net/aws_transport.h"

namespace avocet {

struct CloudWatchDimension {
  std::string name;
  std::string value;
};

/// One number of one metric at one time.
struct CloudWatchDatum {
  std::string metric;
  std::vector<CloudWatchDimension> dimensions;
  std::string unit;  ///< "Count", "Seconds", "Bytes" or "None"
  double value = 0;  ///< finite
  int64_t time_us = 0;
};

/// An alarm about one metric: it rings when the statistic of a period is on the wrong side of the
/// threshold so many periods in a row.
struct CloudWatchAlarm {
  std::string name;
  std::string description;
  std::string metric;
  std::vector<CloudWatchDimension> dimensions;
  std::string statistic;   ///< "Sum", "Maximum" or "Minimum"
  std::string comparison;  ///< "GreaterThanOrEqualToThreshold" or "LessThanThreshold"
  double threshold = 0;
  int64_t period_seconds = 60;
  int64_t periods = 1;
  bool rings_without_data = false;
  std::vector<std::string> actions;  ///< what it starts when it rings and when it is over: ARNs
};

/// Calls block, and may come from any thread, several at once. Errors as AwsJsonService::Call.
class CloudWatchClient {
 public:
  /// Empty `endpoint`: that of the transport's region.
  CloudWatchClient(std::shared_ptr<AwsTransport> transport, const std::string& endpoint);

  /// Sends all data, in as many calls as their number and size need. After an error the first
  /// `*sent` of them are with CloudWatch.
  Status PutMetricData(std::string_view metrics_namespace, std::span<const CloudWatchDatum> data,
                       size_t* sent);
  /// Makes or replaces a dashboard. `body`: JSON as CloudWatch describes it.
  Status PutDashboard(std::string_view name, std::string_view body);
  /// Makes or replaces an alarm.
  Status PutMetricAlarm(std::string_view metrics_namespace, const CloudWatchAlarm& alarm);

  void Cancel() { transport_->Cancel(); }

 private:
  Status Call(const std::string& form) const;

  const std::shared_ptr<AwsTransport> transport_;
  const std::string url_;
};

}  // namespace avocet
