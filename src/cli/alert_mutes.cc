// alerts mute, unmute, mutes: of what nobody is told.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "src/alert/operator_log.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/label_option.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"
#include "src/config/device_labels.h"
#include "src/engine/audit_log.h"
#include "src/server/label_json.h"

namespace avocet {
namespace {

struct MuteArguments : LakeArguments {
  Mute mute;
  std::vector<std::string> labels;  // "site=north"
  std::string duration;             // empty: an hour, or with a schedule until it is ended
  std::string actor;
};

struct UnmuteArguments : LakeArguments {
  int64_t id = 0;
};

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

}  // namespace

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

}  // namespace avocet
