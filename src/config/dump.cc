#include <string>
#include <utility>

#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/key_text.h"
#include "src/config/load.h"
#include "src/config/maintenance_keys.h"

namespace avocet {
namespace {

/// Writes nested maps and lists, two spaces per level.
class YamlWriter {
 public:
  void Line(const std::string& key, const std::string& value) {
    out_ += Indent() + key + ":" + (value.empty() ? "" : " " + value) + "\n";
  }
  /// What `write` writes is below `key`; nothing at all when that is empty.
  template <typename Write>
  void Below(const std::string& key, Write write) {
    const size_t before = out_.size();
    Line(key, "");
    const size_t inside = out_.size();
    ++depth_;
    write();
    --depth_;
    if (out_.size() == inside) out_.resize(before);
  }
  /// What `write` writes, a map, is one entry of a list.
  template <typename Write>
  void Entry(Write write) {
    const size_t begin = out_.size();
    ++depth_;
    write();
    --depth_;
    out_[begin + Indent().size()] = '-';
  }

  std::string Take() { return std::move(out_); }

 private:
  std::string Indent() const { return std::string(depth_ * 2, ' '); }

  std::string out_;
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

  std::string Dump() {
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
    for (SourceConfig& source : config_.sources) {
      const SourceType& type = TypeOf(source);
      writer_.Entry([&] {
        writer_.Line("name", YamlText(source.name));
        writer_.Below(type.name, [&] { Keys(type.keys, type.options(&source)); });
      });
    }
  }

  void Detectors() {
    for (const DetectorConfig& detector : config_.detectors) {
      writer_.Entry([&] { Detector(detector); });
    }
  }

  void AlertRules() {
    for (AlertRuleConfig& rule : config_.alerts.rules) {
      writer_.Entry([&] {
        writer_.Line("name", YamlText(rule.name));
        Keys(AlertRuleKeys(), &rule);
      });
    }
  }

  void Maintenance() {
    for (MaintenanceConfig& window : config_.maintenance) {
      writer_.Entry([&] {
        writer_.Line("name", YamlText(window.name));
        Keys(MaintenanceKeys(), &window);
      });
    }
  }

  void AlertChannels() {
    for (AlertChannelConfig& channel : config_.alerts.channels) {
      const AlertChannelType& type = TypeOf(channel);
      writer_.Entry([&] {
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

std::string DumpConfig(const Config& config, std::span<const DetectorSpec> detectors) {
  return Dumper(config, detectors).Dump();
}

}  // namespace avocet
