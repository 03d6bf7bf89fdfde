// Routes about the rules of alerts: what each did of late, and what it would do with other
// settings.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/config/alert_keys.h"
#include "src/server/api.h"
#include "src/server/api_query.h"
#include "src/server/label_json.h"

namespace avocet {
namespace {

constexpr size_t kActivityDays = 30;
constexpr size_t kMostDevices = 5;
constexpr size_t kMostExamples = 20;
constexpr int64_t kMostPreviewDays = 90;

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key).BeginArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

void WriteSettings(const AlertRuleConfig& rule, JsonWriter* json) {
  const auto micros = [](Duration duration) { return int64_t{duration.count()}; };
  json->Field("name", rule.name);
  json->Field("type", AlertRuleKeys()[0].words[static_cast<size_t>(rule.type)]);
  json->Field("min_severity", AlertSeverityName(rule.min_severity));
  WriteTexts("detectors", rule.detectors, json);
  WriteTexts("metrics", rule.metrics, json);
  WriteTexts("devices", rule.devices, json);
  WriteTexts("exclude_devices", rule.exclude_devices, json);
  WriteLabels(rule.labels, json);
  WriteTexts("channels", rule.channels, json);
  json->Field("fire_score", rule.fire_score);
  json->Field("clear_score", rule.clear_score.value_or(rule.fire_score));
  json->Field("count", rule.count).Field("of", rule.of);
  json->Field("for_us", micros(rule.duration)).Field("hold_on_us", micros(rule.hold_on));
  json->Field("hold_off_us", micros(rule.hold_off));
  json->Field("spike_window_us", micros(rule.spike_window));
  json->Field("spike_sigma", rule.spike_sigma).Field("spike_min_count", rule.spike_min_count);
}

/// Why people will not trust the rule for long; empty: nothing speaks against it.
std::string Noise(const RuleActivity& activity) {
  const int64_t labelled = activity.false_positives + activity.true_positives;
  if (activity.false_positives >= 3 && 2 * activity.false_positives >= labelled) {
    return fmt::format("{} of {} labelled alerts were false positives", activity.false_positives,
                       labelled);
  }
  if (activity.flapping >= 3 && 5 * activity.flapping >= activity.fires) {
    return fmt::format("{} of {} alerts came and went", activity.flapping, activity.fires);
  }
  if (activity.fires >= 20) {
    const auto most =
        std::max_element(activity.devices.begin(), activity.devices.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (activity.devices.size() > 1 && 2 * most->second > activity.fires) {
      return fmt::format("{} of {} alerts are of one device", most->second, activity.fires);
    }
  }
  const auto busiest =
      std::max_element(activity.fires_per_day.begin(), activity.fires_per_day.end());
  if (busiest != activity.fires_per_day.end() && *busiest >= 50 && activity.acknowledged == 0) {
    return fmt::format("up to {} alerts a day, and nobody acknowledged one", *busiest);
  }
  return "";
}

void WriteActivity(const RuleActivity& activity, JsonWriter* json) {
  json->Field("fires", activity.fires).Field("never_fired", activity.never_fired);
  json->Field("flapping", activity.flapping).Field("open", activity.open);
  json->Field("acknowledged", activity.acknowledged);
  json->Field("false_positives", activity.false_positives);
  json->Field("true_positives", activity.true_positives).Key("last_fired_us");
  if (activity.last_fired_us) {
    json->Int(*activity.last_fired_us);
  } else {
    json->Null();
  }
  json->Key("fires_per_day").BeginArray();
  for (size_t day = 0; day < kActivityDays; ++day) {
    json->Int(day < activity.fires_per_day.size() ? activity.fires_per_day[day] : 0);
  }
  json->EndArray().Key("noisiest").BeginArray();
  std::vector<std::pair<int64_t, std::string>> devices;
  for (const auto& [device, fires] : activity.devices) devices.emplace_back(-fires, device);
  std::sort(devices.begin(), devices.end());
  for (size_t i = 0; i < std::min(devices.size(), kMostDevices); ++i) {
    json->BeginObject().Field("device", devices[i].second).Field("fires", -devices[i].first);
    json->EndObject();
  }
  json->EndArray();
  const std::string noise = Noise(activity);
  json->Key("noise");
  if (noise.empty()) {
    json->Null();
  } else {
    json->String(noise);
  }
}

HttpResponse RulesReply(const ApiContext& context) {
  const int64_t now_us = context.NowMicros();
  const auto activities = context.board->Activity(now_us, kActivityDays);
  const int64_t complete_us = context.board->complete_from_us();
  const AlertsConfig& alerts = context.engine->config().alerts;
  JsonWriter json;
  json.BeginObject().Field("days", kActivityDays).Field("now_us", now_us);
  json.Field("is_complete",
             complete_us <= now_us - static_cast<int64_t>(kActivityDays) * kMicrosPerDay);
  json.Key("channels").BeginArray();
  for (const AlertChannelConfig& channel : alerts.channels) {
    json.BeginObject().Field("name", channel.name).Field("type", TypeOf(channel).name);
    json.Field("min_severity", AlertSeverityName(channel.min_severity));
    json.Field("rate_limit", channel.rate_limit);
    json.Field("device_rate_limit", channel.device_rate_limit).EndObject();
  }
  json.EndArray().Key("rules").BeginArray();
  for (const AlertRuleConfig& rule : alerts.rules) {
    json.BeginObject();
    WriteSettings(rule, &json);
    const auto found = activities.find(rule.name);
    WriteActivity(found == activities.end() ? RuleActivity() : found->second, &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

void ReadDuration(std::string_view name, ApiQuery* query, Duration* out) {
  const std::string text = query->Text(name);
  if (text.empty()) return;
  const auto duration = ParseDuration(text);
  if (!duration.ok()) return query->Fail(fmt::format("{} must be a duration such as 5m", name));
  *out = Duration(*duration);
}

void ReadNumber(std::string_view name, double low, double high, ApiQuery* query, double* out) {
  const std::string text = query->Text(name);
  if (text.empty()) return;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(number >= low && number <= high)) {
    return query->Fail(fmt::format("{} must be a number from {:g} to {:g}", name, low, high));
  }
  *out = number;
}

/// The rule with what the request changes of it.
AlertRuleConfig EditedRule(const AlertRuleConfig& rule, ApiQuery* query) {
  AlertRuleConfig edited = rule;
  ReadNumber("fire_score", 0, 1e9, query, &edited.fire_score);
  double clear_score = edited.clear_score.value_or(edited.fire_score);
  ReadNumber("clear_score", 0, 1e9, query, &clear_score);
  if (!query->Text("clear_score").empty()) edited.clear_score = clear_score;
  if (edited.clear_score) edited.clear_score = std::min(*edited.clear_score, edited.fire_score);
  edited.count = query->Integer("count", edited.count, 1, 64);
  edited.of = std::max(query->Integer("of", edited.of, 1, 64), edited.count);
  ReadDuration("for", query, &edited.duration);
  ReadDuration("hold_off", query, &edited.hold_off);
  ReadNumber("spike_sigma", 0.1, 1000, query, &edited.spike_sigma);
  edited.spike_min_count = query->Integer("spike_min_count", edited.spike_min_count, 1, INT32_MAX);
  const std::string severity = query->Word(
      "min_severity",
      {std::string(AlertSeverityName(edited.min_severity)), "info", "warning", "critical"});
  for (const AlertSeverity known :
       {AlertSeverity::kInfo, AlertSeverity::kWarning, AlertSeverity::kCritical}) {
    if (AlertSeverityName(known) == severity) edited.min_severity = known;
  }
  return edited;
}

struct Outcome {
  std::map<std::string, const AlertChange*> fires;  ///< the first firing of each alert, by id
  std::set<std::string> devices;
  int64_t flapping = 0;
  std::vector<int64_t> per_day;
};

Outcome OutcomeOf(const std::vector<AlertChange>& changes, int64_t from_us, size_t days) {
  Outcome outcome;
  outcome.per_day.resize(days);
  for (const AlertChange& change : changes) {
    outcome.flapping += change.state == AlertState::kFlapping ? 1 : 0;
    if (!Fires(change.state)) continue;
    if (!outcome.fires.emplace(change.id, &change).second) continue;
    outcome.devices.insert(change.device);
    const auto day = static_cast<size_t>((change.event_time_us - from_us) / kMicrosPerDay);
    if (day < days) ++outcome.per_day[day];
  }
  return outcome;
}

void WriteOutcome(std::string_view key, const Outcome& outcome, JsonWriter* json) {
  json->Key(key).BeginObject().Field("fires", outcome.fires.size());
  json->Field("devices", outcome.devices.size()).Field("flapping", outcome.flapping);
  json->Key("fires_per_day").BeginArray();
  for (const int64_t fires : outcome.per_day) json->Int(fires);
  json->EndArray().EndObject();
}

/// Alerts that are only in `outcome`, the newest ones.
void WriteOnly(std::string_view key, const Outcome& outcome, const Outcome& other,
               JsonWriter* json) {
  std::vector<const AlertChange*> only;
  for (const auto& [id, change] : outcome.fires) {
    if (!other.fires.contains(id)) only.push_back(change);
  }
  std::sort(only.begin(), only.end(), [](const AlertChange* a, const AlertChange* b) {
    return a->event_time_us > b->event_time_us;
  });
  json->Key(key).BeginObject().Field("alerts", only.size()).Key("newest").BeginArray();
  for (size_t i = 0; i < std::min(only.size(), kMostExamples); ++i) {
    const AlertChange& change = *only[i];
    json->BeginObject().Field("id", change.id).Field("device", change.device);
    json->Field("metric", change.metric).Field("time_us", change.event_time_us);
    json->Field("severity", AlertSeverityName(change.severity));
    json->Field("score", change.strongest.score).Field("reason", change.reason).EndObject();
  }
  json->EndArray().EndObject();
}

HttpResponse PreviewReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const std::string name = query.RequiredText("rule");
  const auto& rules = context.engine->config().alerts.rules;
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const AlertRuleConfig& candidate) {
    return candidate.name == name;
  });
  AlertTrialRange range{.from_us = query.Instant("from", now_us - 7 * kMicrosPerDay),
                        .to_us = now_us + 1,
                        .device = query.Text("device")};
  if (range.from_us >= range.to_us || range.from_us < now_us - kMostPreviewDays * kMicrosPerDay) {
    query.Fail(fmt::format("from must be in the last {} days", kMostPreviewDays));
  }
  if (rule == rules.end() && !name.empty()) {
    return HttpResponse::Error(404, "not_found", "there is no rule " + name);
  }
  const AlertRuleConfig edited =
      rule == rules.end() ? AlertRuleConfig() : EditedRule(*rule, &query);
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto trial = context.history->LoadTrial(range);
  if (!trial.ok()) return ErrorResponse(trial.status());
  const auto gates = context.desk->Gates();
  if (!gates.ok()) return ErrorResponse(gates.status());
  const std::vector<AlertChange> before = trial->Run({*rule}, AlertGates(*gates));
  const std::vector<AlertChange> after = trial->Run({edited}, AlertGates(*gates));
  const auto days =
      static_cast<size_t>((range.to_us - trial->from_us() + kMicrosPerDay - 1) / kMicrosPerDay);
  const Outcome was = OutcomeOf(before, trial->from_us(), days);
  const Outcome is = OutcomeOf(after, trial->from_us(), days);
  JsonWriter json;
  json.BeginObject().Field("from_us", trial->from_us()).Field("to_us", now_us);
  json.Field("anomalies", trial->num_anomalies()).Field("readings", trial->num_readings());
  WriteOutcome("before", was, &json);
  WriteOutcome("after", is, &json);
  WriteOnly("gone", was, is, &json);
  WriteOnly("new", is, was, &json);
  json.EndObject();
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

std::vector<ApiRoute> RuleRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/rules",
           .handler = [context](const auto&, const auto&) { return RulesReply(*context); },
           .work = ApiWork::kMemory},
          {.method = "GET",
           .path = "/api/v1/rule_preview",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return PreviewReply(*context, request); },
           .work = ApiWork::kTables}};
}

}  // namespace avocet
