#include "src/config/read_metrics.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "src/config/config_keys.h"
#include "src/config/key_text.h"
#include "src/config/quoted.h"
#include "src/config/remedies.h"
#include "src/config/units.h"
#include "src/model/metric_name.h"

namespace avocet {
namespace {

constexpr size_t kMaxMetricNameBytes = 128;

bool IsNameChar(char c, bool first) {
  return (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

bool IsValidName(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (!IsNameChar(name[i], i == 0)) return false;
  }
  return !name.empty() && name.size() <= kMaxMetricNameBytes;
}

bool CheckName(const YamlEntry& entry, KeyReader* reader) {
  const std::string& name = entry.key;
  if (!IsValidName(name)) {
    const std::string valid = NormalizeMetricName(name);
    const bool renamed = !valid.empty() && valid != name;
    reader->Error(entry.mark,
                  "the metric name " + Quoted(name) +
                      " must be at most 128 lower-case letters, digits and \"_\", and begin with "
                      "a letter or \"_\"" +
                      (renamed ? "; write " + valid + ": {field: " + YamlText(name) + "}" : ""));
    return false;
  }
  // "metrics: all" of a detector means every metric.
  if (!IsReservedColumn(name) && name != "all") return true;
  reader->Error(entry.mark, "the metric name \"" + name +
                                "\" is taken by avocet; use another name, as in " + name +
                                "_value: {field: " + name + "}");
  return false;
}

/// Reports names that are also the rolling-mean column of another metric.
void CheckColumns(const YamlNode& node, Duration rolling, KeyReader* reader) {
  const std::string suffix = "_avg_" + WindowSuffix(rolling);
  std::set<std::string_view> names;
  for (const YamlEntry& entry : node.entries) names.insert(entry.key);
  for (const YamlEntry& entry : node.entries) {
    const std::string_view name = entry.key;
    if (name.size() <= suffix.size()) continue;
    const std::string_view other = name.substr(0, name.size() - suffix.size());
    if (name.substr(other.size()) != suffix || names.count(other) == 0) continue;
    reader->Error(entry.mark, "the metric name " + Quoted(name) +
                                  " is also the column of the rolling mean of " + Quoted(other) +
                                  "; use another name");
  }
}

void CheckUnits(const YamlNode& node, const std::string& path, const MetricConfig& metric,
                KeyReader* reader) {
  const YamlNode* source = node.Find("source_unit");
  if (source == nullptr || source->kind != YamlNode::Kind::kScalar) return;
  if (metric.source_unit.empty()) return;
  const YamlNode* unit = node.Find("unit");
  if (unit == nullptr || metric.unit.empty()) {
    // A unit that is wrong in itself is reported already.
    if (unit == nullptr) {
      reader->Error(source->mark, path + ".source_unit needs \"unit\", the unit to convert to");
    }
    return;
  }
  double scale = 0;
  double offset = 0;
  if (FindConversion(metric.source_unit, metric.unit, &scale, &offset)) return;
  const std::vector<std::string> known = UnitsConvertibleTo(metric.unit);
  std::string remedy;
  if (known.empty()) {
    remedy = "no conversion to " + Shown(*unit) + " is known, convertible units are " +
             Join(KnownUnits());
  } else {
    remedy = "it can be " + Join(known);
  }
  reader->Error(source->mark, path + ".source_unit: cannot convert " + Shown(*source) + " to " +
                                  Shown(*unit) + "; " + remedy);
}

void CheckAllowed(const YamlNode& node, const std::string& path, const MetricConfig& metric,
                  KeyReader* reader) {
  for (size_t i = 0; i < metric.allowed.size(); ++i) {
    const double value = metric.allowed[i];
    if (value >= metric.min.value_or(value) && value <= metric.max.value_or(value)) continue;
    const YamlNode& item = *node.Find("allowed")->items[i];
    reader->Error(item.mark, path + ".allowed[" + std::to_string(i) + "], " + Shown(item) +
                                 ", is outside the range of the metric; remove it or widen the "
                                 "range");
  }
}

}  // namespace

void ReadMetrics(const YamlNode& node, KeyReader* reader, Config* config) {
  for (const YamlEntry& entry : node.entries) {
    if (!CheckName(entry, reader)) continue;
    const std::string path = "schema.metrics." + entry.key;
    MetricConfig metric;
    metric.name = entry.key;
    const YamlNode& value = *entry.value;
    if (value.kind == YamlNode::Kind::kMap) {
      reader->ReadSection(value, MetricKeys(), path, &metric);
      CheckUnits(value, path, metric, reader);
      CheckAllowed(value, path, metric, reader);
    } else if (value.kind != YamlNode::Kind::kNull && value.kind != YamlNode::Kind::kBroken) {
      reader->Error(
          value.mark,
          path + " must be a map such as {unit: degC, range: [-40, 85]}, not " + Shown(value));
    }
    if (metric.field.empty()) metric.field = metric.name;
    config->schema.metrics.push_back(std::move(metric));
  }
  CheckColumns(node, config->rolling_window, reader);
}

}  // namespace avocet
