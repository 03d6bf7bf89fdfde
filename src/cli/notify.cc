// notify: whether a channel of alerts works.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "src/alert/alert_channel.h"
#include "src/cli/command.h"
#include "src/engine/builtin_components.h"

namespace avocet {
namespace {

struct NotifyArguments {
  std::string config;
  std::string channel;
};

std::string Known(const Config& config) {
  std::string names;
  for (const AlertChannelConfig& channel : config.alerts.channels) {
    names += (names.empty() ? "" : ", ") + channel.name;
  }
  return names.empty() ? "the configuration has none" : "known are " + names;
}

// An alert as real ones are, that says what it is.
AlertChange TestAlert(int64_t now_us) {
  AlertChange change;
  change.id = MakeAlertId("test", "test-device", "temperature", now_us, 0);
  change.rule = "test";
  change.device = "test-device";
  change.metric = "temperature";
  change.label = "temperature (degC)";
  change.state = AlertState::kFiring;
  change.event_time_us = change.opened_us = now_us;
  change.anomalies = 1;
  change.fired = true;
  change.reason = "this is a test of the channel, nothing is wrong";
  change.strongest = {.anomaly_id = {},
                      .detector = "test",
                      .reason = change.reason,
                      .severity = change.severity,
                      .value = 93.2,
                      .expected = 65,
                      .lower = 60,
                      .upper = 70,
                      .score = 5.6};
  return change;
}

Status Test(const NotifyArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadConfig(arguments.config));
  SetUpLogging(config.log);
  const auto& channels = config.alerts.channels;
  const auto found = std::find_if(
      channels.begin(), channels.end(),
      [&](const AlertChannelConfig& channel) { return channel.name == arguments.channel; });
  if (found == channels.end()) {
    return Status::Usage(
        fmt::format("there is no channel {}; {}", arguments.channel, Known(config)));
  }
  const AlertChange change = TestAlert(Env::Posix()->NowMicros());
  const AlertMessage message{.changes = {&change}, .digest = false, .reference = {}};
  const AlertDelivery delivery = MakeAlertChannel(*found, Env::Posix())->Send(message);
  if (delivery.outcome == AlertDelivery::Outcome::kDelivered) {
    fmt::print("channel {} took the test alert\n", found->name);
    return Status::Ok();
  }
  const std::string problem =
      fmt::format("channel {} did not take the test alert: {}", found->name, delivery.problem);
  return delivery.outcome == AlertDelivery::Outcome::kRetry ? Status::Unavailable(problem)
                                                            : Status::Config(problem);
}

}  // namespace

void AddNotifyCommand(CLI::App* app, int* exit_code) {
  CLI::App* command = app->add_subcommand("notify", "Try the channels of alerts");
  command->require_subcommand(1);
  auto arguments = std::make_shared<NotifyArguments>();
  CLI::App* test = command->add_subcommand("test", "Send a test alert through a channel");
  test->add_option("channel", arguments->channel, "Its name in the configuration")->required();
  test->add_option("-c,--config", arguments->config, "Configuration file (default: avocet.yaml)");
  test->callback([arguments, exit_code] { *exit_code = Report(Test(*arguments)); });
}

}  // namespace avocet
