#include "src/config/read_detectors.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/config/config_keys.h"
#include "src/config/key_text.h"
#include "src/config/names.h"
#include "src/config/remedies.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

const DetectorSpec* FindSpec(std::span<const DetectorSpec> specs, std::string_view name) {
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [&](const DetectorSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

std::vector<std::string> TypeNames(std::span<const DetectorSpec> specs) {
  std::vector<std::string> names;
  for (const DetectorSpec& spec : specs) names.emplace_back(spec.name);
  return names;
}

/// Sets the parameter; a value that is not set leaves it without one.
void SetParam(const KeySpec& key, const KeyValue& value, DetectorConfig* detector) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    detector->params[key.name] = *flag ? 1 : 0;
  } else if (const auto* word = std::get_if<std::string>(&value)) {
    const auto place = std::find(key.words.begin(), key.words.end(), *word) - key.words.begin();
    detector->params[key.name] = static_cast<double>(place);
  } else if (const auto* number = std::get_if<double>(&value)) {
    detector->params[key.name] = *number;
  } else if (const auto* integer = std::get_if<int64_t>(&value)) {
    if (key.kind == KeyKind::kDuration) {
      detector->durations_us[key.name] = *integer;
    } else {
      detector->params[key.name] = static_cast<double>(*integer);
    }
  }
}

const DetectorSpec* ReadType(const YamlNode& entry, std::span<const DetectorSpec> specs,
                             const std::string& path, KeyReader* reader) {
  const std::vector<std::string> names = TypeNames(specs);
  const YamlNode* node = entry.Find("type");
  if (node == nullptr) {
    reader->Error(entry.mark, path + " needs the key \"type\", one of " + Join(names));
    return nullptr;
  }
  KeySpec key;
  key.kind = KeyKind::kWord;
  key.words = names;
  if (node->kind == Kind::kScalar && !node->secret && FindSpec(specs, node->text) == nullptr) {
    const std::string suggestion = Suggest(node->text, names);
    reader->Error(node->mark,
                  "unknown detector type " + Shown(*node) + " in " + path +
                      (suggestion.empty() ? "; known types are " + Join(names) : suggestion));
    return nullptr;
  }
  const std::optional<KeyValue> value = reader->ReadValue(*node, key, path + ".type");
  return value ? FindSpec(specs, std::get<std::string>(*value)) : nullptr;
}

void ReadMetricNames(const YamlNode& entry, const std::string& path, const Config& config,
                     bool metrics_known, KeyReader* reader, DetectorConfig* detector) {
  const YamlNode* node = entry.Find("metrics");
  if (node == nullptr) return;
  if (node->kind == Kind::kScalar && node->text == "all") return;
  const std::optional<KeyValue> value =
      reader->ReadValue(*node, DetectorKeys()[2], path + ".metrics");
  if (!value) return;
  detector->metrics = std::get<std::vector<std::string>>(*value);
  if (!metrics_known) return;
  std::vector<std::string> known;
  for (const MetricConfig& metric : config.schema.metrics) known.push_back(metric.name);
  for (size_t i = 0; i < detector->metrics.size(); ++i) {
    const std::string& name = detector->metrics[i];
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const YamlNode& item = node->kind == Kind::kList ? *node->items[i] : *node;
    std::string remedy = item.secret ? "" : Suggest(name, known);
    if (name == "all" && !item.secret) remedy = "; write \"metrics: all\" for all of them";
    if (remedy.empty()) remedy = "; add it to schema.metrics, or set schema.evolve";
    reader->Error(item.mark, "unknown metric " + Shown(item) + " in " + path + ".metrics" + remedy);
  }
}

void ReadParams(const YamlNode& entry, const DetectorSpec& spec, const std::string& path,
                KeyReader* reader, DetectorConfig* detector) {
  std::vector<std::string> known;
  for (const KeySpec& key : DetectorKeys()) known.push_back(key.name);
  for (const DetectorParam& param : spec.params) known.emplace_back(param.name);
  reader->CheckKnown(entry, known, path);
  for (const DetectorParam& param : spec.params) {
    const KeySpec key = DetectorParamKey(param);
    const YamlNode* node = entry.Find(key.name);
    std::optional<KeyValue> value = key.Default();
    if (node != nullptr) value = reader->ReadValue(*node, key, path + "." + key.name);
    if (value) SetParam(key, *value, detector);
  }
  const auto given = [&](std::string_view name) { return entry.Find(name) != nullptr; };
  if (!spec.one_of.empty() && std::none_of(spec.one_of.begin(), spec.one_of.end(), given)) {
    reader->Error(entry.mark, path + " needs " +
                                  (spec.one_of.size() == 1 ? "" : "at least one of ") +
                                  Join(spec.one_of) + "; without it a detector of type " +
                                  std::string(spec.name) + " finds nothing");
  }
}

}  // namespace

void ReadDetectors(const YamlNode& node, std::span<const DetectorSpec> specs, bool metrics_known,
                   KeyReader* reader, Config* config) {
  NameList names("detectors");
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& entry = *node.items[i];
    const std::string path = "detectors[" + std::to_string(i) + "]";
    if (entry.kind == Kind::kBroken) continue;
    if (entry.kind == Kind::kNull) {
      reader->Error(entry.mark, path + " is empty; write - {type: zscore}, or remove it");
      continue;
    }
    if (entry.kind != Kind::kMap) {
      reader->Error(entry.mark,
                    path + " must be a map such as {type: zscore}, not " + Shown(entry));
      continue;
    }
    DetectorConfig detector;
    detector.line = entry.mark.line;
    detector.name = names.Read(entry, i, reader);
    ReadMetricNames(entry, path, *config, metrics_known, reader, &detector);
    const DetectorSpec* spec = ReadType(entry, specs, path, reader);
    if (spec == nullptr) continue;
    detector.type = spec->name;
    ReadParams(entry, *spec, path, reader, &detector);
    config->detectors.push_back(std::move(detector));
  }
  for (DetectorConfig& detector : config->detectors) {
    if (detector.name.empty()) detector.name = names.MakeUp(detector.type);
  }
}

std::vector<DetectorConfig> DefaultDetectors(std::span<const DetectorSpec> specs) {
  const DetectorSpec* spec = FindSpec(specs, "auto");
  if (spec == nullptr) spec = FindSpec(specs, "zscore");
  if (spec == nullptr) return {};
  DetectorConfig detector;
  detector.name = spec->name;
  detector.type = spec->name;
  for (const DetectorParam& param : spec->params) {
    const KeySpec key = DetectorParamKey(param);
    SetParam(key, key.Default(), &detector);
  }
  return {detector};
}

}  // namespace avocet
