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
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"
#include "src/cli/text_table.h"
#include "src/config/device_labels.h"
#include "src/engine/audit_log.h"
#include "src/engine/owned_lake.h"
#include "src/server/label_json.h"

namespace avocet {
namespace {

constexpr size_t kShortId = 8;
constexpr size_t kDefaultLimit = 50;

struct ListArguments : LakeArguments {
  bool all = false;
  std::string device;
  std::string rule;
  std::vector<std::string> labels;  // "site=north"
  size_t limit = kDefaultLimit;
};

struct OneArguments : LakeArguments {
  std::string id;
  std::string text;
  std::string actor;
  bool apply = false;  // label false-positive: move the gate
};

struct MuteArguments : LakeArguments {
  Mute mute;
  std::vector<std::string> labels;  // "site=north"
  std::string duration;             // empty: an hour, or with a schedule until it is ended
  std::string actor;
};

struct UnmuteArguments : LakeArguments {
  int64_t id = 0;
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

Result<Labels> ParseLabels(const std::vector<std::string>& texts) {
  Labels patterns;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == text.npos) {
      return Status::Usage("cannot read --label " + text + ": write site=north");
    }
    const std::string name = text.substr(0, equals), pattern = text.substr(equals + 1);
    const std::string problem = LabelPatternProblem(name, pattern);
    if (!problem.empty()) return Status::Usage("cannot read --label " + text + ": " + problem);
    patterns[name] = pattern;
  }
  return patterns;
}

Status List(const ListArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const Labels labels, ParseLabels(arguments.labels));
  AVOCET_ASSIGN_OR_RETURN(const auto alerts, ReadStoredAlerts(config));
  std::vector<const StoredAlert*> listed;
  for (const auto& [id, alert] : alerts) {
    if (!arguments.all && !alert.IsOpen()) continue;
    if (!arguments.device.empty() && alert.last().device != arguments.device) continue;
    if (!arguments.rule.empty() && alert.last().rule != arguments.rule) continue;
    if (!labels.empty() && !FitLabels(labels, LabelsOf(config.devices, alert.last().device))) {
      continue;
    }
    listed.push_back(&alert);
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
  fmt::print("{} {}{}\n", matched, arguments.all ? "alerts" : "open alerts",
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

Status Act(const OneArguments& arguments, OperatorAction action) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto alerts, ReadStoredAlerts(config));
  AVOCET_ASSIGN_OR_RETURN(const StoredAlert alert, FindStoredAlert(alerts, arguments.id));
  if (arguments.apply && arguments.text != kFalsePositive) {
    return Status::Usage("--apply moves the gate of a false positive");
  }
  if (action == OperatorAction::kAcknowledge && !alert.IsOpen()) {
    return Status::Usage("cannot acknowledge alert " + arguments.id + ": it has cleared");
  }
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenOperatorLog(config));
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
  if (action == OperatorAction::kLabel && arguments.text == kFalsePositive) {
    return ProposeStoredGate(config, alerts, alert, arguments.apply, ActorOr(arguments.actor));
  }
  return Status::Ok();
}

Status AddMute(const MuteArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  Mute mute = arguments.mute;
  mute.created_us = Env::Posix()->NowMicros();
  mute.until_us = INT64_MAX;
  if (mute.schedule.empty() || !arguments.duration.empty()) {
    const auto duration = ParseDuration(arguments.duration.empty() ? "1h" : arguments.duration);
    if (!duration.ok() || *duration <= 0) {
      return Status::Usage("cannot read --for " + arguments.duration +
                           ": give a duration such as 2h");
    }
    if (__builtin_add_overflow(mute.created_us, *duration, &mute.until_us)) {
      mute.until_us = INT64_MAX;
    }
  }
  if (!mute.schedule.empty()) {
    const Status schedule = WeeklySchedule::Parse(mute.schedule).status();
    if (!schedule.ok()) return Status::Usage(schedule.message());
  }
  AVOCET_ASSIGN_OR_RETURN(mute.labels, ParseLabels(arguments.labels));
  mute.actor = ActorOr(arguments.actor);
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenOperatorLog(config));
  AVOCET_ASSIGN_OR_RETURN(mute.id, log->AddMute(mute));
  NoteAudit(config, Env::Posix(),
            {.actor = mute.actor,
             .remote = "",
             .action = "mute added",
             .details = {{"mute", std::to_string(mute.id)},
                         {"rule", mute.rule},
                         {"device", mute.device},
                         {"metric", mute.metric},
                         {"labels", LabelsText(mute.labels)}}});
  fmt::print("{}; avocet alerts unmute {} ends it\n", mute.Text(), mute.id);
  return Status::Ok();
}

Status EndMute(const UnmuteArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenOperatorLog(config));
  AVOCET_RETURN_IF_ERROR(log->EndMute(arguments.id, Env::Posix()->NowMicros()));
  NoteAudit(config, Env::Posix(),
            {.actor = ActorOr(""),
             .remote = "",
             .action = "mute ended",
             .details = {{"mute", std::to_string(arguments.id)}}});
  fmt::print("mute {} has ended\n", arguments.id);
  return Status::Ok();
}

Status ListMutes(const LakeArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenOperatorLog(config));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Mute> mutes, log->Mutes(Env::Posix()->NowMicros()));
  if (arguments.format == "json") {
    JsonWriter json;
    json.BeginArray();
    for (const Mute& mute : mutes) {
      json.BeginObject().Field("id", mute.id).Field("rule", mute.rule);
      json.Field("device", mute.device).Field("metric", mute.metric).Field("actor", mute.actor);
      json.Field("until", FormatTimestamp(mute.until_us)).Field("schedule", mute.schedule);
      WriteLabels(mute.labels, &json);
      json.Field("reason", mute.reason).EndObject();
    }
    json.EndArray();
    fmt::print("{}\n", json.Take());
    return Status::Ok();
  }
  if (mutes.empty()) fmt::print("nothing is muted\n");
  for (const Mute& mute : mutes) {
    const std::string labels = mute.labels.empty() ? "" : ", " + LabelsText(mute.labels);
    fmt::print("{} (rule {}, device {}, metric {}{})\n", mute.Text(), mute.rule, mute.device,
               mute.metric, labels);
  }
  return Status::Ok();
}

void AddLabelOption(CLI::App* command, std::vector<std::string>* labels) {
  command
      ->add_option("--label", *labels,
                   "Only devices with this label, as in site=north; * and ? are allowed, and "
                   "several labels")
      ->allow_extra_args(false);
}

void AddList(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App* command = app->add_subcommand("list", "List open alerts, newest first");
  AddLakeOptions(command, arguments.get(), "table");
  command->add_flag("--all", arguments->all, "Also those that have cleared");
  command->add_option("--device", arguments->device, "Only alerts of this device");
  command->add_option("--rule", arguments->rule, "Only alerts of this rule");
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
  command->add_option("id", arguments->id, "Its id, or the beginning of it")->required();
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

void AddMuteCommands(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<MuteArguments>();
  CLI::App* mute = app->add_subcommand(
      "mute", "Tell nobody of some alerts for a while; they are still recorded");
  AddLakeOptions(mute, arguments.get());
  mute->add_option("--rule", arguments->mute.rule, "Only this rule; * and ? are allowed");
  mute->add_option("--device", arguments->mute.device, "Only these devices; * and ? are allowed");
  mute->add_option("--metric", arguments->mute.metric, "Only this metric; * and ? are allowed");
  AddLabelOption(mute, &arguments->labels);
  mute->add_option("--for", arguments->duration,
                   "How long (default: 1h, or with --every until it is ended)");
  mute->add_option("--every", arguments->mute.schedule,
                   "Only at these hours, as in \"mon-fri 22:00-06:00 Europe/Berlin\" or \"daily "
                   "12:00-13:00\"");
  mute->add_option("--reason", arguments->mute.reason, "Why");
  mute->add_option("--by", arguments->actor, "Who does it (default: $USER)");
  mute->callback([arguments, exit_code] { *exit_code = Report(AddMute(*arguments)); });

  auto end = std::make_shared<UnmuteArguments>();
  CLI::App* unmute = app->add_subcommand("unmute", "End a mute");
  unmute->add_option("id", end->id, "Its number")->required();
  AddLakeOptions(unmute, end.get());
  unmute->callback([end, exit_code] { *exit_code = Report(EndMute(*end)); });

  auto listing = std::make_shared<LakeArguments>();
  CLI::App* mutes = app->add_subcommand("mutes", "List what is muted");
  AddLakeOptions(mutes, listing.get());
  mutes->callback([listing, exit_code] { *exit_code = Report(ListMutes(*listing)); });
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
}

}  // namespace avocet
