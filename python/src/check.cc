#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "python/src/functions.h"
#include "python/src/python_engine.h"
#include "src/config/load.h"
#include "src/engine/builtin_detectors.h"
#include "src/env/env.h"
#include "src/env/program.h"

namespace nb = nanobind;

namespace avocet {
namespace {

// Line, column and message of every mistake, and all of them as `avocet check` prints them.
using Mistakes = std::pair<std::vector<std::tuple<int, int, std::string>>, std::string>;

Mistakes Check(const std::string& text, const std::string& file) {
  const LoadedConfig loaded =
      ParseConfig(text, file, EnvironmentVariable, DetectorSpecs(), FilesOf(Env::Posix()));
  Mistakes mistakes;
  for (const ConfigError& error : loaded.errors) {
    mistakes.first.emplace_back(error.line, error.column, error.message);
  }
  if (!loaded.errors.empty()) mistakes.second = FormatErrors(loaded.errors, file, text);
  return mistakes;
}

std::string_view ActionName(InvalidAction action) {
  switch (action) {
    case InvalidAction::kWarn:
      return "warn";
    case InvalidAction::kNullify:
      return "nullify";
    case InvalidAction::kDrop:
      return "drop";
    case InvalidAction::kFail:
      break;
  }
  return "fail";
}

nb::dict MetricDict(const MetricConfig& metric) {
  nb::dict dict;
  dict["name"] = metric.name;
  dict["unit"] = metric.unit;
  dict["min"] = metric.min;
  dict["max"] = metric.max;
  dict["max_rate"] = metric.max_rate;
  dict["not_null"] = metric.not_null;
  dict["allowed"] = metric.allowed;
  dict["on_invalid"] = std::string(ActionName(metric.on_invalid));
  return dict;
}

// How many seconds the rows of a table are kept, of those that are not kept for ever.
nb::dict RetentionDict(const RetentionConfig& keep) {
  const std::pair<size_t, Duration> tables[] = {{kBronze, keep.bronze},
                                                {kQuarantine, keep.quarantine},
                                                {kSilver, keep.silver},
                                                {kAnomalies, keep.anomalies},
                                                {kDeviceStats, keep.device_stats},
                                                {kDeviceHealth, keep.device_health},
                                                {kAlerts, keep.alerts}};
  nb::dict dict;
  for (const auto& [id, duration] : tables) {
    if (duration.count() == 0) continue;
    dict[std::string(TableName(id)).c_str()] =
        std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  }
  return dict;
}

// What a program that runs engines must know of a configuration without mistakes.
nb::dict Describe(const std::string& text, const std::string& file) {
  const Config config = ConfigOf(text, file);
  nb::list metrics, fleet_rules, names;
  for (const MetricConfig& metric : config.schema.metrics) metrics.append(MetricDict(metric));
  for (const AlertRuleConfig& rule : config.alerts.rules) {
    if (rule.type == AlertRuleType::kFleetSpike) fleet_rules.append(rule.name);
    names.append(rule.name);
  }
  for (const DetectorConfig& detector : config.detectors) names.append(detector.name);
  nb::dict dict;
  dict["lake"] = config.storage.lake;
  dict["catalog"] = config.storage.catalog;
  dict["evolves"] = config.schema.evolve;
  dict["metrics"] = metrics;
  dict["fleet_rules"] = fleet_rules;
  dict["names"] = names;  // of detectors and rules
  dict["retention"] = RetentionDict(config.storage.retention);
  return dict;
}

}  // namespace

void BindCheck(nb::module_* module) {
  module->def("check", &Check, nb::arg("text"), nb::arg("file"));
  module->def("describe", &Describe, nb::arg("text"), nb::arg("file"));
  module->def("detectors", [] {
    std::vector<std::string> names;
    for (const DetectorSpec& spec : DetectorSpecs()) names.emplace_back(spec.name);
    return names;
  });
}

}  // namespace avocet
