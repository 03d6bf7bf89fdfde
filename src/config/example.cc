#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/device_keys.h"
#include "src/config/key_text.h"
#include "src/config/maintenance_keys.h"
#include "src/config/reference.h"

namespace avocet {
namespace {

constexpr size_t kCommentColumn = 40;

/// Help is Markdown; a comment is not.
std::string WithoutBackticks(std::string text) {
  std::erase(text, '`');
  return text;
}

class ExampleWriter {
 public:
  explicit ExampleWriter(std::span<const DetectorSpec> specs) : specs_(specs) {}

  std::string Write() {
    for (const KeySpec& key : RootKeys()) {
      if (!out_.empty()) out_ += "\n";
      OneKey(key, "", "");
    }
    return std::move(out_);
  }

 private:
  /// `start` is the indentation of the first line, `- ` included.
  void Line(const std::string& start, const std::string& text, const std::string& help) {
    std::string line = start + text;
    if (!help.empty()) {
      const size_t gap = line.size() < kCommentColumn ? kCommentColumn - line.size() : 1;
      line += std::string(gap, ' ') + "# " + WithoutBackticks(help);
    }
    out_ += line + "\n";
  }

  void Keys(const std::vector<KeySpec>& keys, const std::string& indent) {
    for (const KeySpec& key : keys) OneKey(key, indent, indent);
  }

  void OneKey(const KeySpec& key, std::string start, std::string indent) {
    if (key.commented_out) {
      start += "# ";
      indent += "# ";
    }
    const std::string value = Example(key);
    switch (key.kind) {
      case KeyKind::kSection:
        if (!key.example.empty()) return Line(start, key.name + ": " + key.example, key.help);
        Line(start, key.name + ":", key.help);
        return Keys(key.keys, indent + "  ");
      case KeyKind::kMetrics:
        Line(start, key.name + ":", key.help);
        Line(indent + "  ", "temperature:", "");
        Keys(MetricKeys(), indent + "    ");
        return Line(indent + "  ", "humidity:", "All keys have their defaults.");
      case KeyKind::kSources:
        Line(start, key.name + ":", key.help);
        return Sources();
      case KeyKind::kDetectors:
        Line(start, key.name + ":", key.help);
        return Detectors();
      case KeyKind::kMaintenance:
        Line(start, key.name + ":", key.help);
        Line(indent + "  - ", "name: my_maintenance", "Unique name; default: maintenance.");
        return Keys(MaintenanceKeys(), indent + "    ");
      case KeyKind::kDeviceLabels:
        Line(start, key.name + ":", key.help);
        OneKey(DeviceLabelsKeys()[0], indent + "  - ", indent + "    ");
        return OneKey(DeviceLabelsKeys()[1], indent + "    ", indent + "    ");
      case KeyKind::kAlertRules:
        Line(start, key.name + ":", key.help);
        Line(indent + "  - ", "name: my_rule", "Unique name; default: the type.");
        return Keys(AlertRuleKeys(), indent + "    ");
      case KeyKind::kAlertChannels:
        Line(start, key.name + ":", key.help);
        return AlertChannels(indent + "  ");
      default:
        if (!value.empty()) Line(start, key.name + ": " + value, key.help + Allowed(key));
    }
  }

  static std::string Allowed(const KeySpec& key) {
    if (key.words.empty()) return "";
    return (key.kind == KeyKind::kTextList ? " Any of " : " One of ") + Join(key.words) + ".";
  }

  void Sources() {
    for (const SourceType& type : SourceTypes()) {
      Line("  - ", "name: my_" + type.name, "Unique name; default: the type.");
      Line("    ", type.name + ":", type.help);
      Keys(type.keys, "      ");
    }
  }

  void AlertChannels(const std::string& indent) {
    for (const AlertChannelType& type : AlertChannelTypes()) {
      Line(indent + "- ", "name: my_" + type.name, "Unique name; default: the type.");
      Keys(AlertChannelKeys(), indent + "  ");
      Line(indent + "  ", type.name + (type.keys.empty() ? ": {}" : ":"), type.help);
      Keys(type.keys, indent + "    ");
    }
  }

  void Detectors() {
    const auto simple = [](const DetectorSpec& spec) { return spec.one_of.empty(); };
    const auto spec = std::find_if(specs_.begin(), specs_.end(), simple);
    if (spec == specs_.end()) return;
    Line("  - ", "name: my_" + std::string(spec->name), DetectorKeys()[0].help);
    Line("    ", "type: " + std::string(spec->name), std::string(spec->summary));
    OneKey(DetectorKeys()[2], "    ", "    ");
    for (const DetectorParam& param : spec->params) {
      OneKey(DetectorParamKey(param), "    ", "    ");
    }
  }

  std::span<const DetectorSpec> specs_;
  std::string out_;
};

}  // namespace

std::string ConfigExample(std::span<const DetectorSpec> detectors) {
  return ExampleWriter(detectors).Write();
}

}  // namespace avocet
