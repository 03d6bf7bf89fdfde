#include <string>
#include <utility>
#include <vector>

#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/device_keys.h"
#include "src/config/key_text.h"
#include "src/config/load.h"
#include "src/config/maintenance_keys.h"
#include "src/config/remedies.h"

namespace avocet {
namespace {

/// Writes nested maps and lists, two spaces per level, and knows the full name of each value.
class YamlWriter {
 public:
  /// A value, or with an empty one the head of what is below.
  void Line(const std::string& key, const std::string& value) {
    DumpedLine line;
    line.text = Indent() + key + ":" + (value.empty() ? "" : " " + value);
    if (!value.empty()) line.key = JoinPath(path_, key);
    lines_.push_back(std::move(line));
  }
  /// What `write` writes is below `key`; nothing at all when that is empty.
  template <typename Write>
  void Below(const std::string& key, Write write) {
    const size_t before = lines_.size();
    Line(key, "");
    Within(JoinPath(path_, key), write);
    if (lines_.size() == before + 1) lines_.resize(before);
  }
  /// What `write` writes, a map, is the entry `index` of a list.
  template <typename Write>
  void Entry(size_t index, Write write) {
    const size_t begin = lines_.size();
    Within(path_ + "[" + std::to_string(index) + "]", write);
    lines_[begin].text[Indent().size()] = '-';
  }

  std::vector<DumpedLine> Take() { return std::move(lines_); }

 private:
  template <typename Write>
  void Within(std::string path, Write write) {
    path.swap(path_);
    ++depth_;
    write();
    --depth_;
    path.swap(path_);
  }
  std::string Indent() const { return std::string(depth_ * 2, ' '); }

  std::vector<DumpedLine> lines_;
  std::string path_;
  size_t depth_ = 0;
};

/// A parameter of a detector as the file has it.
KeyValue ParamValue(const KeySpec& key, double value) {
  if (key.kind == KeyKind::kBool) return value != 0;
  if (key.kind == KeyKind::kWord) return key.words.at(static_cast<size_t>(value));
  return value;
}

class Dumper {
 public:
  Dumper(Config config, std::span<const DetectorSpec> specs)
      : config_(std::move(config)), specs_(specs) {}

  std::vector<DumpedLine> Dump() {
    Keys(RootKeys(), &config_);
    return writer_.Take();
  }

 private:
  void Keys(const std::vector<KeySpec>& keys, void* object) {
    for (const KeySpec& key : keys) OneKey(key, object);
  }

  void OneKey(const KeySpec& key, void* object) {
    switch (key.kind) {
      case KeyKind::kSection:
        return writer_.Below(key.name, [&] { Keys(key.keys, key.enter(object)); });
      case KeyKind::kMetrics:
        return writer_.Below(key.name, [&] { Metrics(); });
      case KeyKind::kSources:
        return writer_.Below(key.name, [&] { Sources(); });
      case KeyKind::kDetectors:
        // No detectors at all is not the default.
        if (config_.detectors.empty()) return writer_.Line(key.name, "[]");
        return writer_.Below(key.name, [&] { Detectors(); });
      case KeyKind::kAlertRules:
        if (config_.alerts.rules.empty()) return writer_.Line(key.name, "[]");
        return writer_.Below(key.name, [&] { AlertRules(); });
      case KeyKind::kAlertChannels:
        return writer_.Below(key.name, [&] { AlertChannels(); });
      case KeyKind::kMaintenance:
        return writer_.Below(key.name, [&] { Maintenance(); });
      case KeyKind::kDeviceLabels:
        return writer_.Below(key.name, [&] { DeviceLabels(); });
      default:
        const std::string value = YamlValue(key, key.get(key, object));
        if (!value.empty()) writer_.Line(key.name, key.secret ? "\"********\"" : value);
    }
  }

  void Metrics() {
    for (MetricConfig& metric : config_.schema.metrics) {
      writer_.Below(metric.name, [&] { Keys(MetricKeys(), &metric); });
    }
  }

  void Sources() {
    size_t index = 0;
    for (SourceConfig& source : config_.sources) {
      const SourceType& type = TypeOf(source);
      writer_.Entry(index++, [&] {
        writer_.Line("name", YamlText(source.name));
        writer_.Below(type.name, [&] { Keys(type.keys, type.options(&source)); });
      });
    }
  }

  void Detectors() {
    size_t index = 0;
    for (const DetectorConfig& detector : config_.detectors) {
      writer_.Entry(index++, [&] { Detector(detector); });
    }
  }

  void AlertRules() {
    size_t index = 0;
    for (AlertRuleConfig& rule : config_.alerts.rules) {
      writer_.Entry(index++, [&] {
        writer_.Line("name", YamlText(rule.name));
        Keys(AlertRuleKeys(), &rule);
      });
    }
  }

  void Maintenance() {
    size_t index = 0;
    for (MaintenanceConfig& window : config_.maintenance) {
      writer_.Entry(index++, [&] {
        writer_.Line("name", YamlText(window.name));
        Keys(MaintenanceKeys(), &window);
      });
    }
  }

  void DeviceLabels() {
    size_t index = 0;
    for (DeviceLabelsConfig& entry : config_.devices.labels) {
      writer_.Entry(index++, [&] { Keys(DeviceLabelsKeys(), &entry); });
    }
  }

  void AlertChannels() {
    size_t index = 0;
    for (AlertChannelConfig& channel : config_.alerts.channels) {
      const AlertChannelType& type = TypeOf(channel);
      writer_.Entry(index++, [&] {
        writer_.Line("name", YamlText(channel.name));
        Keys(AlertChannelKeys(), &channel);
        if (type.keys.empty()) return writer_.Line(type.name, "{}");
        writer_.Below(type.name, [&] { Keys(type.keys, type.options(&channel)); });
      });
    }
  }

  void Detector(const DetectorConfig& detector) {
    writer_.Line("name", YamlText(detector.name));
    writer_.Line("type", YamlText(detector.type));
    writer_.Line("metrics",
                 detector.metrics.empty() ? "all" : YamlValue(KeySpec(), detector.metrics));
    for (const auto& [name, value] : detector.params) {
      const KeySpec key = ParamKey(detector.type, name);
      writer_.Line(name, YamlValue(key, ParamValue(key, value)));
    }
    for (const auto& [name, value] : detector.durations_us) {
      KeySpec key;
      key.kind = KeyKind::kDuration;
      writer_.Line(name, YamlValue(key, value));
    }
  }

  /// A number when the type is not known.
  KeySpec ParamKey(const std::string& type, const std::string& name) const {
    for (const DetectorSpec& spec : specs_) {
      if (spec.name != type) continue;
      for (const DetectorParam& param : spec.params) {
        if (param.name == name) return DetectorParamKey(param);
      }
    }
    return {};
  }

  Config config_;
  std::span<const DetectorSpec> specs_;
  YamlWriter writer_;
};

}  // namespace

std::vector<DumpedLine> DumpLines(const Config& config, std::span<const DetectorSpec> detectors) {
  std::vector<DumpedLine> lines = Dumper(config, detectors).Dump();
  for (DumpedLine& line : lines) {
    const auto found = config.lines.find(line.key);
    if (found != config.lines.end()) line.line = found->second;
  }
  return lines;
}

std::string DumpConfig(const Config& config, std::span<const DetectorSpec> detectors) {
  std::string text;
  for (const DumpedLine& line : DumpLines(config, detectors)) text += line.text + "\n";
  return text;
}

}  // namespace avocet
