// alerts: what fires, why, and what people do about it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/alert/operator_log.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/label_option.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/lake_time.h"
#include "src/cli/stored_alerts.h"
#include "src/cli/text_table.h"
#include "src/config/device_labels.h"
#include "src/engine/audit_log.h"
#include "src/engine/owned_lake.h"
#include "src/server/alert_board.h"
#include "src/server/label_json.h"

namespace avocet {
namespace {

constexpr size_t kShortId = 8;
constexpr size_t kDefaultLimit = 50;

struct ListArguments : LakeArguments {
  bool all = false;
  std::string device;
  std::string metric;
  std::string rule;
  std::string severity;
  std::string stage;  // empty: all that have not cleared
  std::string from;   // of the newest change, as `to`
  std::string to;
  std::vector<std::string> labels;  // "site=north"
  size_t limit = kDefaultLimit;
};

struct OneArguments : LakeArguments {
  std::string id;
  std::string text;
  std::string actor;
  bool apply = false;  // label false-positive: move the gate
};

void WriteEntry(const OperatorEntry& entry, JsonWriter* json) {
  json->BeginObject().Field("at", FormatTimestamp(entry.at_us)).Field("actor", entry.actor);
  json->Field("action", OperatorActionName(entry.action)).Field("text", entry.text).EndObject();
}

void WriteAlert(const StoredAlert& alert, const DevicesConfig& devices, bool whole,
                JsonWriter* json) {
  const AlertChange& last = alert.last();
  json->BeginObject().Field("id", last.id).Field("rule", last.rule);
  json->Field("device_id", last.device).Field("metric", last.metric);
  WriteLabels(LabelsOf(devices, last.device), json);
  json->Field("state", alert.State()).Field("severity", AlertSeverityName(last.severity));
  json->Field("opened_at", FormatTimestamp(last.opened_us));
  json->Field("event_time", FormatTimestamp(last.event_time_us));
  json->Field("anomalies", last.anomalies).Field("reason", last.reason);
  json->Field("value", last.strongest.value).Field("expected", last.strongest.expected);
  json->Field("lower", last.strongest.lower).Field("upper", last.strongest.upper);
  json->Field("score", last.strongest.score);
  json->Key("actions").BeginArray();
  for (const OperatorEntry& entry : alert.entries) WriteEntry(entry, json);
  json->EndArray();
  if (whole) {
    json->Key("changes").BeginArray();
    for (const AlertChange& change : alert.changes) {
      json->BeginObject().Field("change", change.number);
      json->Field("state", AlertStateName(change.state));
      json->Field("event_time", FormatTimestamp(change.event_time_us));
      json->Field("reason", change.reason).EndObject();
    }
    json->EndArray();
  }
  json->EndObject();
}

/// What is listed, but for the stage.
Result<AlertFilter> FilterOf(const ListArguments& arguments, const Config& config) {
  AlertFilter filter;
  filter.device = arguments.device;
  filter.metric = arguments.metric;
  filter.rule = arguments.rule;
  filter.severity = arguments.severity;
  filter.devices = &config.devices;
  AVOCET_ASSIGN_OR_RETURN(filter.labels, ParseLabels(arguments.labels));
  AVOCET_RETURN_IF_ERROR(
      ReadSpan(arguments.from, arguments.to, config, &filter.from_us, &filter.to_us));
  return filter;
}

bool IsListed(const StoredAlert& alert, const ListArguments& arguments, const AlertFilter& filter) {
  if (arguments.stage.empty() && !arguments.all && !alert.IsOpen()) return false;
  if (!arguments.stage.empty() && alert.Stage() != arguments.stage) return false;
  BoardAlert one;
  one.last = alert.last();
  return filter.Matches(one);
}

Status List(const ListArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const AlertFilter filter, FilterOf(arguments, config));
  AVOCET_ASSIGN_OR_RETURN(const auto alerts, ReadStoredAlerts(config));
  std::vector<const StoredAlert*> listed;
  for (const auto& [id, alert] : alerts) {
    if (IsListed(alert, arguments, filter)) listed.push_back(&alert);
  }
  std::sort(listed.begin(), listed.end(), [](const StoredAlert* a, const StoredAlert* b) {
    return a->last().event_time_us > b->last().event_time_us;
  });
  const size_t matched = listed.size();
  if (arguments.limit > 0 && matched > arguments.limit) listed.resize(arguments.limit);
  if (arguments.format == "json") {
    JsonWriter json;
    json.BeginObject().Key("alerts").BeginArray();
    for (const StoredAlert* alert : listed) WriteAlert(*alert, config.devices, false, &json);
    json.EndArray().Field("total", matched).EndObject();
    fmt::print("{}\n", json.Take());
    return Status::Ok();
  }
  if (!listed.empty()) {
    TextTable table({"ID", "STATE", "SEVERITY", "RULE", "DEVICE", "METRIC", "SINCE", "REASON"}, 8);
    for (const StoredAlert* alert : listed) {
      const AlertChange& last = alert->last();
      table.Add({last.id.substr(0, kShortId), alert->State(),
                 std::string(AlertSeverityName(last.severity)), last.rule,
                 last.device.empty() ? "(fleet)" : last.device, last.metric,
                 FormatTimestamp(last.opened_us), last.reason});
    }
    fmt::print("{}\n", table.Text());
  }
  const bool any = arguments.all || !arguments.stage.empty();
  fmt::print("{} {}{}{}\n", matched, any ? "" : "open ", matched == 1 ? "alert" : "alerts",
             matched > listed.size() ? "; the newest are listed, --limit 0 lists all" : "");
  return Status::Ok();
}

Status Show(const OneArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto alerts, ReadStoredAlerts(config));
  AVOCET_ASSIGN_OR_RETURN(const StoredAlert alert, FindStoredAlert(alerts, arguments.id));
  if (arguments.format == "json") {
    JsonWriter json;
    WriteAlert(alert, config.devices, true, &json);
    fmt::print("{}\n", json.Take());
    return Status::Ok();
  }
  const AlertChange& last = alert.last();
  fmt::print("id         {}\n", last.id);
  fmt::print("state      {}, {}\n", alert.State(), AlertSeverityName(last.severity));
  fmt::print("rule       {}\n", last.rule);
  fmt::print("device     {}\n", last.device.empty() ? "(fleet)" : last.device);
  if (!last.metric.empty()) fmt::print("metric     {}\n", last.metric);
  fmt::print("since      {}\n", FormatTimestamp(last.opened_us));
  fmt::print("anomalies  {}\n", last.anomalies);
  fmt::print("strongest  value {:.6g}, expected {:.6g} ({:.6g} to {:.6g}), score {:.3g}\n",
             last.strongest.value, last.strongest.expected, last.strongest.lower,
             last.strongest.upper, last.strongest.score);
  for (const AlertChange& change : alert.changes) {
    fmt::print("  {}  {}: {}\n", FormatTimestamp(change.event_time_us),
               AlertStateName(change.state), change.reason);
  }
  for (const OperatorEntry& entry : alert.entries) {
    fmt::print("  {}  {} by {}{}{}\n", FormatTimestamp(entry.at_us),
               OperatorActionName(entry.action), entry.actor, entry.text.empty() ? "" : ": ",
               entry.text);
  }
  return Status::Ok();
}

/// Notes what is done to one alert.
Status Note(const Config& config, const StoredAlert& alert, const OneArguments& arguments,
            OperatorAction action, OperatorLog* log) {
  AVOCET_RETURN_IF_ERROR(log->Add({.at_us = Env::Posix()->NowMicros(),
                                   .actor = ActorOr(arguments.actor),
                                   .action = action,
                                   .alert_id = alert.last().id,
                                   .text = arguments.text},
                                  alert.last()));
  NoteAudit(config, Env::Posix(),
            {.actor = ActorOr(arguments.actor),
             .remote = "",
             .action = fmt::format("alert {}", OperatorActionName(action)),
             .details = {{"alert", alert.last().id},
                         {"text", action == OperatorAction::kComment ? "" : arguments.text}}});
  fmt::print("alert {} is {}\n", alert.last().id.substr(0, kShortId), OperatorActionName(action));
  return Status::Ok();
}

// All or nothing is done as far as ids and stages are concerned.
Status Act(const OneArguments& arguments, OperatorAction action) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto alerts, ReadStoredAlerts(config));
  AVOCET_ASSIGN_OR_RETURN(const auto chosen, FindStoredAlerts(alerts, arguments.id));
  if (arguments.apply && arguments.text != kFalsePositive) {
    return Status::Usage("--apply moves the gate of a false positive");
  }
  for (const StoredAlert& alert : chosen) {
    if (action == OperatorAction::kAcknowledge && !alert.IsOpen()) {
      return Status::Usage("cannot acknowledge alert " + alert.last().id.substr(0, kShortId) +
                           ": it has cleared");
    }
  }
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenOperatorLog(config));
  for (const StoredAlert& alert : chosen) {
    AVOCET_RETURN_IF_ERROR(Note(config, alert, arguments, action, log.get()));
  }
  if (action != OperatorAction::kLabel || arguments.text != kFalsePositive) return Status::Ok();
  for (const StoredAlert& alert : chosen) {
    AVOCET_RETURN_IF_ERROR(
        ProposeStoredGate(config, alerts, alert, arguments.apply, ActorOr(arguments.actor)));
  }
  return Status::Ok();
}

void AddList(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App* command = app->add_subcommand("list", "List open alerts, newest first");
  AddLakeOptions(command, arguments.get(), {"table", "json"});
  command->add_flag("--all", arguments->all, "Also those that have cleared");
  command->add_option("--device", arguments->device, "Only alerts of this device");
  command->add_option("--metric", arguments->metric, "Only alerts about this metric");
  command->add_option("--rule", arguments->rule, "Only alerts of this rule");
  command->add_option("--severity", arguments->severity, "Only alerts of this severity")
      ->check(CLI::IsMember({"info", "warning", "critical"}));
  command
      ->add_option("--stage", arguments->stage, "Only alerts in this stage (default: not cleared)")
      ->check(CLI::IsMember({"pending", "open", "acknowledged", "cleared"}));
  command->add_option("--from", arguments->from,
                      "Only those that changed last since then, as 2026-01-31T12:00:00Z or now-7d");
  command->add_option("--to", arguments->to, "Only those that changed last before then");
  AddLabelOption(command, &arguments->labels);
  command->add_option("--limit", arguments->limit, "List so many, 0: all (default: 50)");
  command->callback([arguments, exit_code] { *exit_code = Report(List(*arguments)); });
}

void AddShow(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<OneArguments>();
  CLI::App* command = app->add_subcommand("show", "Show one alert with its history");
  command->add_option("id", arguments->id, "Its id, or the beginning of it")->required();
  AddLakeOptions(command, arguments.get());
  command->callback([arguments, exit_code] { *exit_code = Report(Show(*arguments)); });
}

void AddAction(CLI::App* app, const char* name, const char* help, const char* text_name,
               const char* text_help, OperatorAction action, int* exit_code) {
  auto arguments = std::make_shared<OneArguments>();
  CLI::App* command = app->add_subcommand(name, help);
  command
      ->add_option("id", arguments->id,
                   "Its id, or the beginning of it; several with commas between")
      ->required();
  CLI::Option* text = command->add_option(text_name, arguments->text, text_help);
  if (action != OperatorAction::kAcknowledge) text->required();
  if (action == OperatorAction::kLabel) {
    text->check(CLI::IsMember({std::string(kTruePositive), std::string(kFalsePositive)}));
    command->add_flag("--apply", arguments->apply,
                      "Move the gate of a false positive as it is proposed");
  }
  AddLakeOptions(command, arguments.get());
  command->add_option("--by", arguments->actor, "Who does it (default: $USER)");
  command->callback(
      [arguments, action, exit_code] { *exit_code = Report(Act(*arguments, action)); });
}

}  // namespace

void AddAlertsCommand(CLI::App* app, int* exit_code) {
  CLI::App* command = app->add_subcommand("alerts", "Look at alerts, and say what is done");
  command->require_subcommand(1);
  AddList(command, exit_code);
  AddShow(command, exit_code);
  AddAction(command, "ack", "Acknowledge an alert: somebody looks after it", "comment", "Why",
            OperatorAction::kAcknowledge, exit_code);
  AddAction(command, "comment", "Add a comment to an alert", "text", "The comment",
            OperatorAction::kComment, exit_code);
  AddAction(command, "assign", "Say who looks after an alert", "person", "Who",
            OperatorAction::kAssign, exit_code);
  AddAction(command, "label", "Say what an alert was", "label", "true-positive or false-positive",
            OperatorAction::kLabel, exit_code);
  AddMuteCommands(command, exit_code);
  AddGateCommands(command, exit_code);
  AddResetCommand(command, exit_code);
}

}  // namespace avocet
