// Routes about gates: where one should be, moving it, taking it back.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "src/base/json_writer.h"
#include "src/engine/gate_proposal.h"
#include "src/server/api.h"
#include "src/server/api_body.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr size_t kMaxBodyBytes = 4096;
constexpr size_t kMostExamples = 20;

void WriteGate(const AlertGate& gate, JsonWriter* json) {
  json->BeginObject().Field("id", gate.id).Field("device", gate.device);
  json->Field("metric", gate.metric).Field("min_score", gate.min_score);
  json->Field("created_us", gate.created_us).Field("actor", gate.actor);
  json->Field("alert_id", gate.alert_id).Field("is_reverted", gate.is_reverted);
  json->FieldOrNull("from_us", gate.from_us);
  json->FieldOrNull("until_us", gate.until_us);
  json->EndObject();
}

/// The proposal for an alert of the board. kNotFound, and kUsage for one that has no gate to move.
Result<GateProposal> Propose(const ApiContext& context, const std::string& alert_id,
                             const std::vector<AlertGate>& gates) {
  const auto alert = context.board->Get(alert_id);
  if (!alert) return Status::NotFound("there is no alert with that id");
  const std::vector<BoardAlert> series =
      context.board->OfSeries(alert->last.device, alert->last.metric);
  std::vector<JudgedAlert> judged;
  for (const BoardAlert& other : series) {
    const OperatorEntry* label = other.Newest(OperatorAction::kLabel);
    judged.push_back({&other.last, label == nullptr ? std::string() : label->text});
  }
  return ProposeGate(alert->last, judged, context.engine->config().alerts.rules, gates);
}

HttpResponse ProposalError(const Status& status) {
  if (status.code() != StatusCode::kUsage) return ErrorResponse(status);
  return HttpResponse::Error(409, "no_gate", status.message());
}

HttpResponse ProposalReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const std::string id = query.RequiredText("alert");
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto gates = context.desk->Gates();
  if (!gates.ok()) return ErrorResponse(gates.status());
  const auto proposal = Propose(context, id, *gates);
  if (!proposal.ok()) return ProposalError(proposal.status());
  const auto trial = context.history->LoadTrial(
      {.from_us = now_us - kGateTrialUs, .to_us = now_us + 1, .device = proposal->device});
  if (!trial.ok()) return ErrorResponse(trial.status());
  const GateEffect effect =
      TryGate(*trial, context.engine->config().alerts.rules, *gates, *proposal);
  std::set<std::string> left;
  for (const AlertChange& change : effect.after) left.insert(change.id);
  JsonWriter json;
  json.BeginObject().Field("alert", id).Field("device", proposal->device);
  json.Field("metric", proposal->metric).Field("present", proposal->present);
  json.Field("min_score", proposal->min_score).Field("hidden_true", proposal->hidden_true);
  json.Field("from_us", effect.from_us).Field("to_us", now_us);
  json.Field("before", effect.before.size()).Field("after", effect.after.size());
  json.Key("gone").BeginArray();
  size_t listed = 0;
  for (auto change = effect.before.rbegin(); change != effect.before.rend(); ++change) {
    if (left.contains(change->id) || listed == kMostExamples) continue;
    ++listed;
    json.BeginObject().Field("id", change->id).Field("time_us", change->event_time_us);
    json.Field("score", change->strongest.score).Field("reason", change->reason).EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse GatesReply(const ApiContext& context) {
  const auto gates = context.desk->Gates();
  if (!gates.ok()) return ErrorResponse(gates.status());
  JsonWriter json;
  json.BeginObject().Key("gates").BeginArray();
  for (auto gate = gates->rbegin(); gate != gates->rend(); ++gate) WriteGate(*gate, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse AddGateReply(const ApiContext& context, const HttpRequest& request,
                          const Caller& caller) {
  ApiBody body(request.body);
  const std::string id = body.RequiredText("alert");
  const std::optional<double> min_score = body.Number("min_score");
  if (min_score && !(*min_score > 0 && *min_score < 1e9)) {
    body.Fail("\"min_score\" must be above 0 and below 1e9");
  }
  if (const auto mistake = body.Mistake()) return *mistake;
  const auto gates = context.desk->Gates();
  if (!gates.ok()) return ErrorResponse(gates.status());
  const auto proposal = Propose(context, id, *gates);
  if (!proposal.ok()) return ProposalError(proposal.status());
  AlertGate gate{.device = proposal->device,
                 .metric = proposal->metric,
                 .min_score = min_score.value_or(proposal->min_score),
                 .created_us = context.env->NowMicros(),
                 .actor = caller.name,
                 .alert_id = id};
  const auto added = context.desk->AddGate(gate);
  if (!added.ok()) return ErrorResponse(added.status());
  gate.id = *added;
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "gate moved",
                       .details = {{"gate", std::to_string(gate.id)},
                                   {"device", gate.device},
                                   {"metric", gate.metric},
                                   {"min_score", fmt::format("{}", gate.min_score)}}});
  JsonWriter json;
  WriteGate(gate, &json);
  return HttpResponse::Json(200, json.Take());
}

HttpResponse RevertGateReply(const ApiContext& context, const HttpRequest& request,
                             const Caller& caller) {
  ApiQuery query(request, context.NowMicros());
  const int64_t id = query.Integer("id", 0, 1, INT64_MAX);
  if (id == 0) query.Fail("the parameter id is missing");
  if (const auto mistake = query.Mistake()) return *mistake;
  const Status status = context.desk->RevertGate(id);
  if (!status.ok()) return ErrorResponse(status);
  context.audit->Note({.actor = caller.name,
                       .remote = request.remote,
                       .action = "gate reverted",
                       .details = {{"gate", std::to_string(id)}}});
  return HttpResponse::Json(200, R"({"ok":true})");
}

}  // namespace

std::vector<ApiRoute> GateRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/gate_proposal",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return ProposalReply(*context, request); },
           .work = ApiWork::kTables},
          {.method = "GET",
           .path = "/api/v1/gates",
           .handler = [context](const auto&, const auto&) { return GatesReply(*context); },
           .work = ApiWork::kTables},
          {.method = "POST",
           .path = "/api/v1/gates",
           .handler = [context](
                          const HttpRequest& request,
                          const Caller& caller) { return AddGateReply(*context, request, caller); },
           .work = ApiWork::kTables,
           .role = Role::kOperator,
           .changes = true,
           .max_body_bytes = kMaxBodyBytes},
          {.method = "DELETE",
           .path = "/api/v1/gates",
           .handler =
               [context](const HttpRequest& request, const Caller& caller) {
                 return RevertGateReply(*context, request, caller);
               },
           .work = ApiWork::kTables,
           .role = Role::kOperator,
           .changes = true}};
}

}  // namespace avocet
