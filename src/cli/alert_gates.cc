// alerts gates, alerts revert: scores that anomalies of a series must have to count for alerts.
#include <fmt/format.h>

#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "src/alert/gate_log.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"
#include "src/cli/text_table.h"
#include "src/engine/audit_log.h"
#include "src/engine/decision_keeper.h"
#include "src/engine/gate_proposal.h"
#include "src/engine/owned_lake.h"

namespace avocet {
namespace {

constexpr size_t kMostListed = 10;
constexpr const char* kTakenOver =
    "it holds for readings that come from now on: a running avocet takes it over within a second, "
    "else the next one does";

struct RevertArguments : LakeArguments {
  int64_t id = 0;
};

Result<std::unique_ptr<GateLog>> OpenGates(const Config& config) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_RETURN_IF_ERROR(Env::Posix()->MakeDirectories(DataDir(config)));
  return GateLog::Open(OutboxPath(config));
}

std::string Span(const AlertGate& gate) {
  if (!gate.from_us) return "from now on";
  std::string text = "since " + FormatTimestamp(*gate.from_us);
  if (gate.until_us) text += " until " + FormatTimestamp(*gate.until_us);
  return text;
}

Status ListGates(const LakeArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenGates(config));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<AlertGate> gates, log->All());
  if (arguments.format == "json") {
    JsonWriter json;
    json.BeginArray();
    for (const AlertGate& gate : gates) {
      json.BeginObject().Field("id", gate.id).Field("device_id", gate.device);
      json.Field("metric", gate.metric).Field("min_score", gate.min_score);
      json.Field("actor", gate.actor).Field("alert_id", gate.alert_id);
      json.Field("reverted", gate.is_reverted);
      json.Field("from", gate.from_us ? FormatTimestamp(*gate.from_us) : std::string());
      json.Field("until", gate.until_us ? FormatTimestamp(*gate.until_us) : std::string());
      json.EndObject();
    }
    json.EndArray();
    fmt::print("{}\n", json.Take());
    return Status::Ok();
  }
  if (gates.empty()) fmt::print("no gate was moved\n");
  for (const AlertGate& gate : gates) {
    fmt::print("gate {} by {}: {} of {} from score {:g} on, {}{}\n", gate.id, gate.actor,
               gate.metric.empty() ? "anomalies" : gate.metric, gate.device, gate.min_score,
               Span(gate), gate.is_reverted ? ", reverted" : "");
  }
  return Status::Ok();
}

Status RevertGate(const RevertArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenGates(config));
  AVOCET_RETURN_IF_ERROR(log->Revert(arguments.id));
  NoteAudit(config, Env::Posix(),
            {.actor = ActorOr(""),
             .remote = "",
             .action = "gate reverted",
             .details = {{"gate", std::to_string(arguments.id)}}});
  fmt::print("gate {} is reverted; {}\n", arguments.id, kTakenOver);
  return Status::Ok();
}

void PrintEffect(const GateProposal& proposal, const GateEffect& effect) {
  const std::string metric = proposal.metric.empty() ? "anomalies" : proposal.metric;
  fmt::print("proposed: {} of {} count for alerts from score {:g} on, not {:g}\n", metric,
             proposal.device, proposal.min_score, proposal.present);
  fmt::print("in the 7 days before, {} {} would have been {}\n", effect.before.size(),
             effect.before.size() == 1 ? "alert" : "alerts", effect.after.size());
  std::set<std::string> left;
  for (const AlertChange& change : effect.after) left.insert(change.id);
  TextTable table({"GONE", "SCORE", "WHY IT FIRED"}, 3);
  size_t gone = 0;
  for (auto change = effect.before.rbegin(); change != effect.before.rend(); ++change) {
    if (left.contains(change->id) || ++gone > kMostListed) continue;
    table.Add({FormatTimestamp(change->event_time_us),
               fmt::format("{:.3g}", change->strongest.score), change->reason});
  }
  if (gone > 0) fmt::print("{}\n", table.Text());
  if (proposal.hidden_true > 0) {
    fmt::print("careful: it would have hidden {} that were labelled true positives, too\n",
               proposal.hidden_true);
  }
}

}  // namespace

Status ProposeStoredGate(const Config& config, const std::map<std::string, StoredAlert>& alerts,
                         const StoredAlert& alert, bool apply, const std::string& actor) {
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenGates(config));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<AlertGate> gates, log->All());
  std::vector<JudgedAlert> judged;
  int64_t newest_us = std::numeric_limits<int64_t>::min();
  for (const auto& [id, other] : alerts) {
    judged.push_back({&other.last(), other.Label()});
    newest_us = std::max(newest_us, other.last().event_time_us);
  }
  const auto proposal = ProposeGate(alert.last(), judged, config.alerts.rules, gates);
  if (!proposal.ok() && proposal.status().code() == StatusCode::kUsage && !apply) {
    fmt::print("{}\n", proposal.status().message());
    return Status::Ok();
  }
  if (!proposal.ok()) return proposal.status();
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  AVOCET_ASSIGN_OR_RETURN(const AlertTrial trial,
                          AlertTrial::Load(config, &tables,
                                           {.from_us = newest_us - kGateTrialUs,
                                            .to_us = std::numeric_limits<int64_t>::max(),
                                            .device = proposal->device}));
  PrintEffect(*proposal, TryGate(trial, config.alerts.rules, gates, *proposal));
  const std::string id = alert.last().id.substr(0, 8);
  if (!apply) {
    fmt::print("avocet alerts label {} {} --apply does that\n", id, kFalsePositive);
    return Status::Ok();
  }
  AVOCET_ASSIGN_OR_RETURN(const int64_t gate, log->Add({.device = proposal->device,
                                                        .metric = proposal->metric,
                                                        .min_score = proposal->min_score,
                                                        .created_us = Env::Posix()->NowMicros(),
                                                        .actor = actor,
                                                        .alert_id = alert.last().id}));
  NoteAudit(config, Env::Posix(),
            {.actor = actor,
             .remote = "",
             .action = "gate moved",
             .details = {{"gate", std::to_string(gate)},
                         {"device", proposal->device},
                         {"metric", proposal->metric},
                         {"min_score", fmt::format("{}", proposal->min_score)}}});
  fmt::print("gate {} is moved; {}. avocet alerts revert {} takes it back\n", gate, kTakenOver,
             gate);
  return Status::Ok();
}

void AddGateCommands(CLI::App* app, int* exit_code) {
  auto listing = std::make_shared<LakeArguments>();
  CLI::App* gates =
      app->add_subcommand("gates", "List gates that were moved because of false positives");
  AddLakeOptions(gates, listing.get());
  gates->callback([listing, exit_code] { *exit_code = Report(ListGates(*listing)); });

  auto arguments = std::make_shared<RevertArguments>();
  CLI::App* revert = app->add_subcommand("revert", "Take a moved gate back");
  revert->add_option("gate", arguments->id, "Its number")->required();
  AddLakeOptions(revert, arguments.get());
  revert->callback([arguments, exit_code] { *exit_code = Report(RevertGate(*arguments)); });
}

}  // namespace avocet
