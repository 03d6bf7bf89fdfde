// CloudWatchConfig: numbers of a run as metrics of Amazon CloudWatch.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "src/config/duration.h"
#include "src/net/aws_options.h"

namespace avocet {

struct CloudWatchConfig {
  AwsOptions aws;
  std::string metrics_namespace;    ///< empty: nothing is published
  std::string instance = "avocet";  ///< value of the dimension `Instance`
  Duration interval = std::chrono::minutes(1);
  std::vector<std::string> alarm_actions;  ///< ARNs, for `avocet aws alarms`

  bool IsOn() const { return !metrics_namespace.empty(); }
};

}  // namespace avocet
