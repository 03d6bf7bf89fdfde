#include "src/server/alert_json.h"

#include <algorithm>

#include "src/base/time_format.h"
#include "src/server/csv_text.h"
#include "src/server/label_json.h"

namespace avocet {
namespace {

std::string TextOf(const OperatorEntry* entry) { return entry == nullptr ? "" : entry->text; }

/// Why it fired last; of one that never fired, why it is as it is.
const std::string& CauseOf(const BoardAlert& alert) {
  const auto fired = std::find_if(alert.steps.rbegin(), alert.steps.rend(),
                                  [](const AlertStep& step) { return Fires(step.state); });
  return fired == alert.steps.rend() ? alert.last.reason : fired->reason;
}

void WriteHistory(const BoardAlert& alert, JsonWriter* json) {
  json->Key("steps").BeginArray();
  for (const AlertStep& step : alert.steps) {
    json->BeginObject().Field("state", AlertStateName(step.state));
    json->Field("severity", AlertSeverityName(step.severity));
    json->Field("time_us", step.event_time_us).Field("reason", step.reason).EndObject();
  }
  json->EndArray().Key("actions").BeginArray();
  for (const OperatorEntry& entry : alert.entries) {
    json->BeginObject().Field("at_us", entry.at_us).Field("actor", entry.actor);
    json->Field("action", OperatorActionName(entry.action)).Field("text", entry.text).EndObject();
  }
  json->EndArray();
}

void WriteSimilar(const SimilarAlerts& similar, JsonWriter* json) {
  json->Key("similar").BeginObject().Field("of_device", similar.of_device);
  json->Field("found", uint64_t{similar.found});
  json->FieldOrNull("sentence", similar.Sentence()).Key("alerts").BeginArray();
  for (const BoardAlert& alert : similar.alerts) {
    json->BeginObject().Field("id", alert.last.id);
    json->FieldOrNull("device", alert.last.device);
    json->Field("stage", AlertStageName(alert.stage()));
    json->Field("severity", AlertSeverityName(alert.last.severity));
    json->Field("opened_us", alert.last.opened_us).Field("time_us", alert.last.event_time_us);
    json->Field("score", alert.last.strongest.score);
    json->FieldOrNull("label", TextOf(alert.Newest(OperatorAction::kLabel)));
    json->EndObject();
  }
  json->EndArray().EndObject();
}

void WriteSummary(const BoardAlert& alert, bool is_muted, const Labels& labels, JsonWriter* json) {
  const AlertChange& last = alert.last;
  const AlertFinding& strongest = last.strongest;
  const OperatorEntry* acknowledged = alert.Newest(OperatorAction::kAcknowledge);
  json->Field("id", last.id).Field("rule", last.rule);
  json->FieldOrNull("device", last.device);
  json->FieldOrNull("metric", last.metric);
  json->Field("stage", AlertStageName(alert.stage()));
  json->Field("state", AlertStateName(last.state));
  json->Field("severity", AlertSeverityName(last.severity));
  json->Field("opened_us", last.opened_us).Field("time_us", last.event_time_us);
  json->FieldOrNull("fired_us", alert.fired_us);
  json->Field("anomalies", last.anomalies).Field("reason", last.reason);
  json->Field("cause", CauseOf(alert));
  json->FieldOrNull("detector", strongest.detector);
  json->FieldOrNull("anomaly_id", strongest.anomaly_id);
  json->Field("value", strongest.value).Field("expected", strongest.expected);
  json->Field("lower", strongest.lower).Field("upper", strongest.upper);
  json->Field("score", strongest.score).Field("muted", is_muted);
  WriteLabels(labels, json);
  json->FieldOrNull("acknowledged_by", acknowledged == nullptr ? "" : acknowledged->actor);
  json->FieldOrNull("assignee", TextOf(alert.Newest(OperatorAction::kAssign)));
  json->FieldOrNull("label", TextOf(alert.Newest(OperatorAction::kLabel)));
}

}  // namespace

void WriteAlert(const BoardAlert& alert, bool is_muted, const Labels& labels, JsonWriter* json) {
  json->BeginObject();
  WriteSummary(alert, is_muted, labels, json);
  json->EndObject();
}

void WriteWholeAlert(const BoardAlert& alert, bool is_muted, const Labels& labels,
                     const SimilarAlerts& similar, JsonWriter* json) {
  json->BeginObject();
  WriteSummary(alert, is_muted, labels, json);
  WriteHistory(alert, json);
  WriteSimilar(similar, json);
  json->EndObject();
}

void WriteMute(const Mute& mute, JsonWriter* json) {
  json->BeginObject().Field("id", mute.id).Field("rule", mute.rule);
  json->Field("device", mute.device).Field("metric", mute.metric).Field("actor", mute.actor);
  json->FieldOrNull("until_us", mute.until_us == INT64_MAX ? std::nullopt
                                                           : std::optional<int64_t>(mute.until_us));
  WriteLabels(mute.labels, json);
  json->Field("schedule", mute.schedule).Field("reason", mute.reason).EndObject();
}

std::string AlertCsvHeader() {
  return "id,stage,state,severity,rule,device,metric,opened,changed,anomalies,score,value,expected,"
         "lower,upper,detector,acknowledged_by,assignee,label,muted,reason\r\n";
}

std::string AlertCsv(const BoardAlert& alert, bool is_muted) {
  const AlertChange& last = alert.last;
  const AlertFinding& strongest = last.strongest;
  const OperatorEntry* acknowledged = alert.Newest(OperatorAction::kAcknowledge);
  std::string line = last.id;
  const auto add = [&line](std::string_view field) { line.append(",").append(field); };
  add(AlertStageName(alert.stage()));
  add(AlertStateName(last.state));
  add(AlertSeverityName(last.severity));
  for (const std::string& text : {last.rule, last.device, last.metric}) add(CsvText(text));
  add(FormatTimestamp(last.opened_us));
  add(FormatTimestamp(last.event_time_us));
  add(std::to_string(last.anomalies));
  for (const double number :
       {strongest.score, strongest.value, strongest.expected, strongest.lower, strongest.upper}) {
    add(CsvNumber(number));
  }
  add(CsvText(strongest.detector));
  add(CsvText(acknowledged == nullptr ? "" : acknowledged->actor));
  add(CsvText(TextOf(alert.Newest(OperatorAction::kAssign))));
  add(CsvText(TextOf(alert.Newest(OperatorAction::kLabel))));
  add(is_muted ? "true" : "false");
  add(CsvText(last.reason));
  return line + "\r\n";
}

}  // namespace avocet
