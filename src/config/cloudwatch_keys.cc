#include "src/config/cloudwatch_keys.h"

#include <chrono>
#include <vector>

#include "src/config/aws_keys.h"

namespace avocet {

KeySpec CloudWatchSection() {
  using C = CloudWatchConfig;
  std::vector<KeySpec> keys = {
      Key<&C::metrics_namespace>("namespace", "Namespace of the metrics.")
          .DefaultNote("nothing is published")
          .Example("avocet"),
      Key<&C::instance>("instance", "Tells apart several avocets: the dimension `Instance`."),
      Key<&C::interval>("interval", "Time between two publications.")
          .Between(std::chrono::seconds(1), std::chrono::hours(1)),
      Key<&C::alarm_actions>("alarm_actions",
                             "ARNs of what the alarms of `avocet aws alarms` start, as an SNS "
                             "topic.")
          .DefaultNote("none")
          .Example("[\"arn:aws:sns:eu-west-1:123456789012:ops\"]"),
  };
  for (KeySpec& key : AwsKeys<C>()) keys.push_back(std::move(key));
  return Section<&Config::cloudwatch>(
      "cloudwatch", "Metrics in Amazon CloudWatch; for builds with AWS.", std::move(keys));
}

}  // namespace avocet
