// aws: the dashboard and the alarms of CloudWatch.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "src/cli/command.h"
#include "src/net/cloudwatch_client.h"
#include "src/server/cloudwatch_metrics.h"

namespace avocet {
namespace {

struct AwsArguments {
  std::string config;
  std::string name;
};

Result<Config> LoadCloudWatch(const AwsArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config));
  SetUpLogging(config.log);
  if (!config.cloudwatch.IsOn()) {
    return Status::Config(
        "the configuration does not publish metrics; give it cloudwatch: {namespace: avocet}");
  }
  return config;
}

Status PutDashboard(const AwsArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadCloudWatch(arguments));
  AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport,
                          AwsTransport::Open(config.cloudwatch.aws, Env::Posix()));
  const std::string region = transport->region();
  const std::string name = arguments.name.empty() ? config.cloudwatch.instance : arguments.name;
  CloudWatchClient client(std::move(transport), config.cloudwatch.aws.endpoint);
  AVOCET_RETURN_IF_ERROR(client.PutDashboard(name, CloudWatchDashboard(config, region))
                             .WithContext("cannot make dashboard " + name));
  fmt::print("dashboard {} is in CloudWatch, region {}\n", name, region);
  return Status::Ok();
}

Status PutAlarms(const AwsArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadCloudWatch(arguments));
  AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport,
                          AwsTransport::Open(config.cloudwatch.aws, Env::Posix()));
  CloudWatchClient client(std::move(transport), config.cloudwatch.aws.endpoint);
  for (const CloudWatchAlarm& alarm : CloudWatchAlarms(config)) {
    AVOCET_RETURN_IF_ERROR(client.PutMetricAlarm(config.cloudwatch.metrics_namespace, alarm)
                               .WithContext("cannot make alarm " + alarm.name));
    fmt::print("alarm {}: {}\n", alarm.name, alarm.description);
  }
  return Status::Ok();
}

CLI::App* AddOne(CLI::App* app, const char* name, const char* help, AwsArguments* arguments) {
  CLI::App* command = app->add_subcommand(name, help);
  command->add_option("-c,--config", arguments->config,
                      "Configuration file (default: avocet.yaml)");
  return command;
}

}  // namespace

void AddAwsCommand(CLI::App* app, int* exit_code) {
  CLI::App* command = app->add_subcommand("aws", "Make what shows avocet's metrics in CloudWatch");
  command->require_subcommand(1);
  auto arguments = std::make_shared<AwsArguments>();
  CLI::App* dashboard =
      AddOne(command, "dashboard", "Make or replace the dashboard", arguments.get());
  dashboard->add_option("--name", arguments->name,
                        "Its name: letters, digits, - and _ (default: cloudwatch.instance)");
  dashboard->callback([arguments, exit_code] { *exit_code = Report(PutDashboard(*arguments)); });
  CLI::App* alarms = AddOne(command, "alarms", "Make or replace the alarms", arguments.get());
  alarms->callback([arguments, exit_code] { *exit_code = Report(PutAlarms(*arguments)); });
}

}  // namespace avocet
