#include <algorithm>
#include <cmath>
#include <string>

#include "src/base/json_writer.h"
#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/device_keys.h"
#include "src/config/key_text.h"
#include "src/config/load.h"
#include "src/config/maintenance_keys.h"

namespace avocet {
namespace {

// Of a metric, and of a source or detector.
constexpr std::string_view kMetricNamePattern = "^[a-z_][a-z0-9_]*$";
constexpr std::string_view kNamePattern = "^[A-Za-z0-9_.-]+$";
constexpr std::string_view kDurationPattern = "^([0-9]+(d|h|m|s|ms|us))+$";
constexpr std::string_view kSizePattern = "^[0-9]+ ?([KkMmGgTt]?[Ii]?[Bb])?$";

bool HasRequired(const std::vector<KeySpec>& keys) {
  return std::any_of(keys.begin(), keys.end(), [](const KeySpec& key) { return key.required; });
}

class SchemaWriter {
 public:
  explicit SchemaWriter(std::span<const DetectorSpec> detectors) : detectors_(detectors) {}

  std::string Write() {
    json_.BeginObject();
    json_.Field("$schema", "https://json-schema.org/draft/2020-12/schema");
    json_.Field("title", "avocet configuration");
    Object(RootKeys(), false);
    json_.Key("$defs").BeginObject().Key("substitution").BeginObject();
    json_.Field("description", "Contains an environment variable, such as ${NAME:-default}.");
    json_.Field("type", "string").Field("pattern", "\\$\\{");
    json_.EndObject().EndObject().EndObject();
    return json_.Take();
  }

 private:
  void Description(const KeySpec& key) {
    std::string text = key.help;
    if (!key.default_note.empty()) text += " Default: " + key.default_note + ".";
    if (!text.empty()) json_.Field("description", text);
  }

  void Default(const KeySpec& key) {
    if (!key.default_note.empty() || (key.get == nullptr && key.default_value.index() == 0)) return;
    const KeyValue value = key.Default();
    if (const auto* flag = std::get_if<bool>(&value)) {
      json_.Field("default", *flag);
    } else if (const auto* number = std::get_if<double>(&value)) {
      json_.Field("default", *number);
    } else if (const auto* integer = std::get_if<int64_t>(&value);
               integer != nullptr && key.kind == KeyKind::kInteger) {
      json_.Field("default", *integer);
    } else if (integer != nullptr) {
      json_.Field("default", YamlValue(key, value));
    } else if (const auto* text = std::get_if<std::string>(&value); text && !text->empty()) {
      json_.Field("default", *text);
    }
  }

  void Number(const KeySpec& key, std::string_view type) {
    json_.Field("type", type);
    if (std::isfinite(key.min)) {
      json_.Field(key.above_min ? "exclusiveMinimum" : "minimum", key.min);
    }
    if (std::isfinite(key.max)) json_.Field("maximum", key.max);
  }

  void Words(const KeySpec& key) {
    json_.Key("enum").BeginArray();
    for (const std::string& word : key.words) json_.String(word);
    json_.EndArray();
  }

  /// The keywords of a value that is written out, without environment variables.
  void Plain(const KeySpec& key) {
    switch (key.kind) {
      case KeyKind::kWord:
        return Words(key);
      case KeyKind::kBool:
        json_.Field("type", "boolean");
        return;
      case KeyKind::kInteger:
        return Number(key, "integer");
      case KeyKind::kNumber:
        return Number(key, "number");
      case KeyKind::kDuration:
        json_.Field("type", "string").Field("pattern", kDurationPattern);
        return;
      case KeyKind::kBytes:
        json_.Key("type").BeginArray().String("string").String("integer").EndArray();
        json_.Field("pattern", kSizePattern);
        return;
      default:
        json_.Field("type", "string");
        if (!key.allow_empty) json_.Field("minLength", 1);
    }
  }

  /// A value that an environment variable can stand for.
  void Scalar(const KeySpec& key) {
    if (key.kind == KeyKind::kText || key.kind == KeyKind::kInstant) return Plain(key);
    json_.Key("anyOf").BeginArray();
    json_.BeginObject();
    Plain(key);
    json_.EndObject();
    if (key.kind == KeyKind::kDuration) json_.BeginObject().Field("const", 0).EndObject();
    json_.BeginObject().Field("$ref", "#/$defs/substitution").EndObject();
    json_.EndArray();
  }

  void Array(const KeySpec& entry) {
    json_.Field("type", "array").Key("items").BeginObject();
    Scalar(entry);
    json_.EndObject();
  }

  void TextList(const KeySpec& key) {
    KeySpec entry;
    entry.words = key.words;
    if (!key.words.empty()) entry.kind = KeyKind::kWord;
    json_.Key("anyOf").BeginArray().BeginObject();
    Scalar(entry);
    json_.EndObject().BeginObject();
    Array(entry);
    if (!key.allow_empty) json_.Field("minItems", 1);
    json_.Field("uniqueItems", true).EndObject().EndArray();
  }

  void TextMap() {
    json_.Field("type", "object").Key("additionalProperties").BeginObject();
    json_.Key("type").BeginArray().String("string").String("number").String("boolean").EndArray();
    json_.EndObject();
  }

  void Range() {
    json_.Field("type", "array").Field("minItems", 2).Field("maxItems", 2);
    json_.Key("items").BeginObject().Key("anyOf").BeginArray();
    json_.BeginObject().Key("type").BeginArray().String("number").String("null").EndArray();
    json_.EndObject().BeginObject().Field("$ref", "#/$defs/substitution").EndObject();
    json_.EndArray().EndObject();
  }

  void Section(const KeySpec& key) {
    if (key.shorthand.empty()) return Object(key.keys, true);
    const auto target = std::find_if(key.keys.begin(), key.keys.end(), [&](const KeySpec& child) {
      return child.name == key.shorthand;
    });
    json_.Key("anyOf").BeginArray().BeginObject();
    Scalar(*target);
    json_.EndObject().BeginObject();
    Object(key.keys, true);
    json_.EndObject().EndArray();
  }

  void Object(const std::vector<KeySpec>& keys, bool or_null) {
    if (or_null) {
      json_.Key("type").BeginArray().String("object").String("null").EndArray();
    } else {
      json_.Field("type", "object");
    }
    json_.Field("additionalProperties", false);
    json_.Key("properties").BeginObject();
    for (const KeySpec& key : keys) Property(key);
    json_.EndObject();
    if (!HasRequired(keys)) return;
    json_.Key("required").BeginArray();
    for (const KeySpec& key : keys) {
      if (key.required) json_.String(key.name);
    }
    json_.EndArray();
  }

  void Property(const KeySpec& key) {
    json_.Key(key.name).BeginObject();
    Description(key);
    Default(key);
    switch (key.kind) {
      case KeyKind::kSection:
        Section(key);
        break;
      case KeyKind::kMetrics:
        Metrics();
        break;
      case KeyKind::kSources:
        Sources();
        break;
      case KeyKind::kDetectors:
        Detectors();
        break;
      case KeyKind::kAlertRules:
        NamedEntries(AlertRuleKeys());
        break;
      case KeyKind::kMaintenance:
        NamedEntries(MaintenanceKeys());
        break;
      case KeyKind::kDeviceLabels:
        DeviceLabels();
        break;
      case KeyKind::kAlertChannels:
        AlertChannels();
        break;
      case KeyKind::kTextList:
        TextList(key);
        break;
      case KeyKind::kTextMap:
        TextMap();
        break;
      case KeyKind::kNumberList: {
        KeySpec entry;
        entry.kind = KeyKind::kNumber;
        Array(entry);
        break;
      }
      case KeyKind::kRange:
        Range();
        break;
      default:
        Scalar(key);
    }
    json_.EndObject();
  }

  void Metrics() {
    json_.Key("type").BeginArray().String("object").String("null").EndArray();
    json_.Key("propertyNames").BeginObject().Field("pattern", kMetricNamePattern).EndObject();
    json_.Key("additionalProperties").BeginObject();
    Object(MetricKeys(), true);
    json_.EndObject();
  }

  void Name() {
    json_.Key("name").BeginObject().Field("description", "Unique name.");
    json_.Key("anyOf").BeginArray();
    json_.BeginObject().Field("type", "string").Field("pattern", kNamePattern).EndObject();
    json_.BeginObject().Field("$ref", "#/$defs/substitution").EndObject();
    json_.EndArray().EndObject();
  }

  void Sources() {
    json_.Key("type").BeginArray().String("array").String("null").EndArray();
    json_.Key("items").BeginObject().Key("anyOf").BeginArray();
    for (const SourceType& type : SourceTypes()) {
      const bool bare = !HasRequired(type.keys);
      if (bare) json_.BeginObject().Field("const", type.name).EndObject();
      json_.BeginObject().Field("type", "object").Field("additionalProperties", false);
      json_.Key("properties").BeginObject();
      Name();
      json_.Key(type.name).BeginObject().Field("description", type.help);
      Object(type.keys, bare);
      json_.EndObject().EndObject();
      json_.Key("required").BeginArray().String(type.name).EndArray().EndObject();
    }
    json_.EndArray().EndObject();
  }

  /// A list of maps with these keys and a name.
  void NamedEntries(const std::vector<KeySpec>& keys) {
    json_.Key("type").BeginArray().String("array").String("null").EndArray();
    json_.Key("items").BeginObject().Field("type", "object").Field("additionalProperties", false);
    json_.Key("properties").BeginObject();
    Name();
    for (const KeySpec& key : keys) Property(key);
    json_.EndObject().EndObject();
  }

  void DeviceLabels() {
    json_.Key("type").BeginArray().String("array").String("null").EndArray();
    json_.Key("items").BeginObject();
    Object(DeviceLabelsKeys(), false);
    json_.EndObject();
  }

  void AlertChannels() {
    json_.Key("type").BeginArray().String("array").String("null").EndArray();
    json_.Key("items").BeginObject().Key("anyOf").BeginArray();
    for (const AlertChannelType& type : AlertChannelTypes()) {
      if (type.keys.empty()) json_.BeginObject().Field("const", type.name).EndObject();
      json_.BeginObject().Field("type", "object").Field("additionalProperties", false);
      json_.Key("properties").BeginObject();
      Name();
      for (const KeySpec& key : AlertChannelKeys()) Property(key);
      json_.Key(type.name).BeginObject().Field("description", type.help);
      Object(type.keys, type.keys.empty());
      json_.EndObject().EndObject();
      json_.Key("required").BeginArray().String(type.name).EndArray().EndObject();
    }
    json_.EndArray().EndObject();
  }

  void Detectors() {
    json_.Key("type").BeginArray().String("array").String("null").EndArray();
    if (detectors_.empty()) return;
    json_.Key("items").BeginObject().Key("anyOf").BeginArray();
    for (const DetectorSpec& spec : detectors_) Detector(spec);
    json_.EndArray().EndObject();
  }

  void Detector(const DetectorSpec& spec) {
    json_.BeginObject().Field("type", "object").Field("description", spec.summary);
    json_.Field("additionalProperties", false);
    json_.Key("properties").BeginObject();
    Name();
    json_.Key("type").BeginObject().Field("const", spec.name).EndObject();
    Property(DetectorKeys()[2]);
    for (const DetectorParam& param : spec.params) Property(DetectorParamKey(param));
    json_.EndObject();
    json_.Key("required").BeginArray().String("type").EndArray();
    if (!spec.one_of.empty()) {
      json_.Key("anyOf").BeginArray();
      for (const std::string_view name : spec.one_of) {
        json_.BeginObject().Key("required").BeginArray().String(name).EndArray().EndObject();
      }
      json_.EndArray();
    }
    json_.EndObject();
  }

  std::span<const DetectorSpec> detectors_;
  JsonWriter json_;
};

}  // namespace

std::string ConfigJsonSchema(std::span<const DetectorSpec> detectors) {
  return SchemaWriter(detectors).Write() + "\n";
}

}  // namespace avocet
