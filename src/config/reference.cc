#include "src/config/reference.h"

#include <string>

#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/device_keys.h"
#include "src/config/key_text.h"
#include "src/config/load.h"
#include "src/config/maintenance_keys.h"

namespace avocet {
namespace {

constexpr std::string_view kIntroduction =
    "# Configuration\n"
    "\n"
    "avocet reads one YAML 1.2 file. It is strict: unknown and duplicate keys, wrong types and\n"
    "impossible values are errors, all of them are reported in one run, each with its line and\n"
    "column, and `avocet check` does only that. `yes`, `no`, `on` and `off` are text; write "
    "`true`\n"
    "or `false`. Without a file every key has its default.\n"
    "\n"
    "Values can contain environment variables: `${NAME}`, `${NAME:-default}` and\n"
    "`${NAME:?message}`; `$$` is a plain `$`. They are replaced after the YAML is parsed, so they\n"
    "cannot add keys. Inside `{ }` and `[ ]` such a value needs quotes.\n"
    "\n"
    "Durations are `250ms`, `10s`, `5m`, `1h30m` or `7d`; sizes are `64KiB`, `128MiB` or `1GB`.\n"
    "The path of a field in a record is its name, or names with dots between them, as in\n"
    "`data.temp`.\n";

std::string_view TypeName(KeyKind kind) {
  switch (kind) {
    case KeyKind::kText:
      return "text";
    case KeyKind::kWord:
      return "word";
    case KeyKind::kBool:
      return "true or false";
    case KeyKind::kInteger:
      return "whole number";
    case KeyKind::kNumber:
      return "number";
    case KeyKind::kDuration:
      return "duration";
    case KeyKind::kBytes:
      return "size";
    case KeyKind::kInstant:
      return "instant";
    case KeyKind::kTextList:
      return "text or list";
    case KeyKind::kNumberList:
      return "list of numbers";
    case KeyKind::kRange:
      return "[low, high]";
    case KeyKind::kTextMap:
    case KeyKind::kSection:
    case KeyKind::kMetrics:
      return "map";
    case KeyKind::kSources:
    case KeyKind::kDetectors:
    case KeyKind::kAlertRules:
    case KeyKind::kAlertChannels:
    case KeyKind::kMaintenance:
    case KeyKind::kDeviceLabels:
      return "list";
  }
  return "";
}

std::string Code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

std::string DefaultCell(const KeySpec& key) {
  if (key.required) return "required";
  if (!key.default_note.empty()) return key.default_note;
  if (key.kind == KeyKind::kSection) return "";
  return Code(YamlValue(key, key.Default()));
}

std::string AllowedCell(const KeySpec& key) {
  if (!key.words.empty()) return "`" + Join(key.words, "`, `") + "`";
  return Limits(key);
}

void Row(const KeySpec& key, const std::string& prefix, std::string* out) {
  *out += "| `" + prefix + key.name + "` | " + std::string(TypeName(key.kind)) + " | " +
          DefaultCell(key) + " | " + AllowedCell(key) + " | " + key.help + " |\n";
}

/// The rows of `keys`, those of sections within directly below them.
void Rows(const std::vector<KeySpec>& keys, const std::string& prefix, std::string* out) {
  for (const KeySpec& key : keys) {
    Row(key, prefix, out);
    if (key.kind == KeyKind::kSection) Rows(key.keys, prefix + key.name + ".", out);
  }
}

void Heading(const std::string& level, const std::string& title, const std::string& help,
             std::string* out) {
  *out += "\n" + level + " " + title + "\n\n" + help + "\n";
}

void TableHead(std::string* out) {
  *out += "\n| Key | Type | Default | Allowed | Meaning |\n| --- | --- | --- | --- | --- |\n";
}

void Sources(const KeySpec& key, std::string* out) {
  Heading("##", "`sources`",
          key.help +
              " An entry is the type with its keys, as in\n`- file: {path: data/*.ndjson}`, "
              "and may have a unique `name` beside it. The name is part of the\nstored "
              "reading positions: give one to each source if the list may change. A type "
              "without\nrequired keys can stand alone, as in `- stdin`.",
          out);
  for (const SourceType& type : SourceTypes()) {
    Heading("###", Code("sources[]." + type.name), type.help, out);
    TableHead(out);
    Rows(type.keys, "", out);
  }
}

void Metrics(std::string* out) {
  Heading("###", "`schema.metrics`",
          "A map from a column's name (lower-case letters, digits and `_`) to these keys; a name "
          "with\nnothing behind it has all defaults.",
          out);
  TableHead(out);
  Rows(MetricKeys(), "", out);
}

void Detectors(const KeySpec& key, std::span<const DetectorSpec> specs, std::string* out) {
  Heading("##", "`detectors`",
          key.help +
              " Without it there is one detector over all metrics, of type `auto`.\n"
              "`detectors: []` turns detection off.",
          out);
  TableHead(out);
  Rows(DetectorKeys(), "", out);
  for (const DetectorSpec& spec : specs) {
    std::string help(spec.summary);
    if (!spec.source.empty()) help += " Source: " + std::string(spec.source);
    if (help.back() != '.') help += ".";
    if (!spec.one_of.empty())
      help += "\n\nNeeds at least one of `" + Join(spec.one_of, "`, `") + "`.";
    Heading("###", Code(std::string(spec.name)), help, out);
    if (spec.params.empty()) continue;
    TableHead(out);
    for (const DetectorParam& param : spec.params) Row(DetectorParamKey(param), "", out);
  }
}

void Maintenance(const KeySpec& key, std::string* out) {
  Heading("##", "`maintenance`",
          key.help +
              " An entry needs `from`, `until` or\n`every`, and may have a unique `name`. See "
              "[maintenance](../alerts.md#maintenance).",
          out);
  TableHead(out);
  Rows(MaintenanceKeys(), "", out);
}

void DeviceLabels(std::string* out) {
  Heading("###", "`devices.labels[]`",
          "Labels that rules, maintenance, mutes, groups of alerts and the dashboard know devices "
          "by. See\n[labels](../labels.md).",
          out);
  TableHead(out);
  Rows(DeviceLabelsKeys(), "", out);
}

void Alerts(std::string* out) {
  Heading("###", "`alerts.rules[]`",
          "An entry may have a unique `name`, which is part of the ids of its alerts. Without "
          "`rules`\nthere is one, `anomaly`, with these defaults; `rules: []` makes no alerts.",
          out);
  TableHead(out);
  Rows(AlertRuleKeys(), "", out);
  Heading(
      "###", "`alerts.channels[]`",
      "An entry is a type with its keys, as in\n`- webhook: {url: https://example.com/alerts}`, "
      "and may have a unique `name` and these keys\nbeside it. A type without required keys "
      "can stand alone, as in `- log`.",
      out);
  TableHead(out);
  Rows(AlertChannelKeys(), "", out);
  for (const AlertChannelType& type : AlertChannelTypes()) {
    Heading("###", Code("alerts.channels[]." + type.name), type.help, out);
    if (type.keys.empty()) continue;
    TableHead(out);
    Rows(type.keys, "", out);
  }
}

}  // namespace

std::string ConfigReferenceMarkdown(std::span<const DetectorSpec> detectors) {
  std::string out(kIntroduction);
  out += "\n## A complete example\n\n```yaml\n" + ConfigExample(detectors) + "```\n";
  Heading("##", "Top level", "Where everything is.", &out);
  TableHead(&out);
  for (const KeySpec& key : RootKeys()) Row(key, "", &out);
  const KeySpec* detectors_key = nullptr;
  for (const KeySpec& key : RootKeys()) {
    if (key.kind == KeyKind::kSources) Sources(key, &out);
    if (key.kind == KeyKind::kMaintenance) Maintenance(key, &out);
    if (key.kind == KeyKind::kDetectors) detectors_key = &key;
    if (key.kind != KeyKind::kSection) continue;
    Heading("##", Code(key.name), key.help, &out);
    TableHead(&out);
    Rows(key.keys, "", &out);
    if (key.name == "schema") Metrics(&out);
    if (key.name == "devices") DeviceLabels(&out);
    if (key.name == "alerts") Alerts(&out);
  }
  Detectors(*detectors_key, detectors, &out);
  return out;
}

}  // namespace avocet
