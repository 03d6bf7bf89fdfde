#include "src/server/cloudwatch_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <utility>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

// A dimension with more values would cost a fortune and say nothing.
constexpr size_t kMostValues = 50;
constexpr double kSecondsPerMilli = 1e-3;
constexpr int64_t kAlarmLagSeconds = 300;

constexpr std::array kSeverities = {AlertSeverity::kInfo, AlertSeverity::kWarning,
                                    AlertSeverity::kCritical};

std::vector<CloudWatchDimension> Dimensions(const Config& config, std::string name = {},
                                            std::string value = {}) {
  std::vector<CloudWatchDimension> dimensions = {{"Instance", config.cloudwatch.instance}};
  if (!name.empty()) dimensions.push_back({std::move(name), std::move(value)});
  return dimensions;
}

// CloudWatch adds up over whole minutes, of which each should have a value.
int64_t PeriodSeconds(const Config& config) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(config.cloudwatch.interval);
  return std::max<int64_t>(minutes.count(), 1) * 60;
}

std::span<const AlertRuleConfig> CountedRules(const Config& config) {
  const std::span rules(config.alerts.rules);
  return rules.first(std::min(rules.size(), kMostValues));
}

/// One line of a chart: a metric with its dimensions.
struct Line {
  std::string metric;
  std::vector<CloudWatchDimension> dimensions;
};

/// A chart at its place in the grid of CloudWatch, which is 24 wide.
struct Chart {
  std::string title;
  std::string statistic;
  std::vector<Line> lines;
};

std::vector<Chart> Charts(const Config& config) {
  const auto plain = [&](std::initializer_list<const char*> metrics) {
    std::vector<Line> lines;
    for (const char* metric : metrics) lines.push_back({metric, Dimensions(config)});
    return lines;
  };
  std::vector<Line> severities, rules;
  for (const AlertSeverity severity : kSeverities) {
    severities.push_back(
        {"AlertsFired", Dimensions(config, "Severity", std::string(AlertSeverityName(severity)))});
  }
  for (const AlertRuleConfig& rule : CountedRules(config)) {
    rules.push_back({"AlertsFired", Dimensions(config, "Rule", rule.name)});
  }
  return {
      {"Anomalies", "Sum", plain({"Anomalies"})},
      {"Alerts by severity", "Sum", std::move(severities)},
      {"Alerts by rule", "Sum", std::move(rules)},
      {"Readings", "Sum", plain({"ReadingsReceived", "ReadingsAccepted"})},
      {"Rejected and late", "Sum", plain({"ReadingsQuarantined", "ReadingsLate"})},
      {"Lag of the furthest source", "Maximum", plain({"SourceLag"})},
      {"Devices", "Maximum", plain({"Devices"})},
      {"Does its work", "Minimum", plain({"Ready"})},
  };
}

}  // namespace

void AlertCounts::Add(std::span<const AlertChange> changes) {
  for (const AlertChange& change : changes) {
    if (change.state != AlertState::kFiring) continue;
    ++by_severity[static_cast<size_t>(change.severity)];
    ++by_rule[change.rule];
  }
}

std::vector<CloudWatchDatum> CloudWatchData(const Config& config, const Progress& before,
                                            const Progress& now, const AlertCounts& alerts,
                                            int64_t now_us) {
  std::vector<CloudWatchDatum> data;
  const auto add = [&](const char* metric, const char* unit, double value,
                       std::vector<CloudWatchDimension> dimensions) {
    data.push_back({.metric = metric,
                    .dimensions = std::move(dimensions),
                    .unit = unit,
                    .value = value,
                    .time_us = now_us});
  };
  const auto count = [&](const char* metric, uint64_t was, uint64_t is) {
    add(metric, "Count", static_cast<double>(is - std::min(was, is)), Dimensions(config));
  };
  count("ReadingsReceived", before.totals.received, now.totals.received);
  count("ReadingsAccepted", before.totals.accepted, now.totals.accepted);
  count("ReadingsQuarantined", before.totals.quarantined, now.totals.quarantined);
  count("ReadingsLate", before.totals.late, now.totals.late);
  count("Anomalies", before.totals.anomalies, now.totals.anomalies);
  bool ready = now.problem.empty();
  for (const SourceProgress& source : now.sources) ready = ready && source.health.ready;
  add("Ready", "Count", ready ? 1 : 0, Dimensions(config));
  add("Devices", "Count", static_cast<double>(now.devices), Dimensions(config));
  add("StateBytes", "Bytes", static_cast<double>(now.state_bytes), Dimensions(config));
  add("SourceLag", "Seconds", static_cast<double>(now.lag_ms) * kSecondsPerMilli,
      Dimensions(config));
  for (const AlertSeverity severity : kSeverities) {
    add("AlertsFired", "Count",
        static_cast<double>(alerts.by_severity[static_cast<size_t>(severity)]),
        Dimensions(config, "Severity", std::string(AlertSeverityName(severity))));
  }
  for (const AlertRuleConfig& rule : CountedRules(config)) {
    const auto fired = alerts.by_rule.find(rule.name);
    add("AlertsFired", "Count",
        fired == alerts.by_rule.end() ? 0.0 : static_cast<double>(fired->second),
        Dimensions(config, "Rule", rule.name));
  }
  return data;
}

std::string CloudWatchDashboard(const Config& config, const std::string& region) {
  constexpr int kWidth = 12, kHeight = 6;
  JsonWriter json;
  json.BeginObject().Key("widgets").BeginArray();
  int number = 0;
  for (const Chart& chart : Charts(config)) {
    json.BeginObject().Field("type", "metric");
    json.Field("x", number % 2 * kWidth).Field("y", number / 2 * kHeight);
    json.Field("width", kWidth).Field("height", kHeight);
    ++number;
    json.Key("properties").BeginObject().Field("title", chart.title).Field("region", region);
    json.Field("view", "timeSeries")
        .Field("stat", chart.statistic)
        .Field("period", PeriodSeconds(config));
    json.Key("metrics").BeginArray();
    for (const Line& line : chart.lines) {
      json.BeginArray().String(config.cloudwatch.metrics_namespace).String(line.metric);
      for (const CloudWatchDimension& dimension : line.dimensions) {
        json.String(dimension.name).String(dimension.value);
      }
      // Its last dimension tells a line from the others of the same metric.
      json.BeginObject().Field(
          "label", line.dimensions.size() > 1 ? line.dimensions.back().value : line.metric);
      json.EndObject().EndArray();
    }
    json.EndArray().EndObject().EndObject();
  }
  return json.EndArray().EndObject().Take();
}

std::vector<CloudWatchAlarm> CloudWatchAlarms(const Config& config) {
  const std::string prefix = config.cloudwatch.instance + " ";
  std::vector<CloudWatchAlarm> alarms;
  alarms.push_back({.name = prefix + "does not work",
                    .description = "A source or the lake has a problem, or avocet does not run.",
                    .metric = "Ready",
                    .dimensions = Dimensions(config),
                    .statistic = "Minimum",
                    .comparison = "LessThanThreshold",
                    .threshold = 1,
                    .periods = 3,
                    .rings_without_data = true});
  alarms.push_back({.name = prefix + "lags",
                    .description = fmt::format("A source is {} seconds behind.", kAlarmLagSeconds),
                    .metric = "SourceLag",
                    .dimensions = Dimensions(config),
                    .statistic = "Maximum",
                    .comparison = "GreaterThanOrEqualToThreshold",
                    .threshold = kAlarmLagSeconds,
                    .periods = 3});
  alarms.push_back({.name = prefix + "critical alert",
                    .description = "A critical alert fires.",
                    .metric = "AlertsFired",
                    .dimensions = Dimensions(config, "Severity", "critical"),
                    .statistic = "Sum",
                    .comparison = "GreaterThanOrEqualToThreshold",
                    .threshold = 1});
  for (const AlertRuleConfig& rule : CountedRules(config)) {
    if (rule.type != AlertRuleType::kFleetSpike) continue;
    alarms.push_back({.name = prefix + "anomaly spike: " + rule.name,
                      .description = "The fleet has unusually many anomalies.",
                      .metric = "AlertsFired",
                      .dimensions = Dimensions(config, "Rule", rule.name),
                      .statistic = "Sum",
                      .comparison = "GreaterThanOrEqualToThreshold",
                      .threshold = 1});
  }
  for (CloudWatchAlarm& alarm : alarms) {
    alarm.period_seconds = PeriodSeconds(config);
    alarm.actions = config.cloudwatch.alarm_actions;
  }
  return alarms;
}

}  // namespace avocet
