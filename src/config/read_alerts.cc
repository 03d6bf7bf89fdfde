#include "src/config/read_alerts.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/device_keys.h"
#include "src/config/key_text.h"
#include "src/config/names.h"
#include "src/config/quoted.h"
#include "src/config/remedies.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

const std::vector<std::string> kNameKey = {"name"};

void CheckPersistence(const YamlNode& entry, const std::string& path, KeyReader* reader,
                      AlertRuleConfig* rule) {
  const YamlNode* of = entry.Find("of");
  if (rule->type != AlertRuleType::kAnomaly) {
    const std::pair<const char*, int64_t> keys[] = {{"count", rule->count}, {"of", rule->of}};
    for (const auto& [key, value] : keys) {
      if (value == 1) continue;
      reader->Error(entry.Find(key)->mark,
                    path + "." + key +
                        " is only for rules of type anomaly; a spike is counted by "
                        "spike.min_count");
    }
    return;
  }
  if (of == nullptr) {
    rule->of = rule->count;
  } else if (rule->of < rule->count) {
    reader->Error(of->mark, path + ".of must be at least " + path + ".count, which is " +
                                std::to_string(rule->count));
  }
}

void ReadRule(const YamlNode& entry, const std::string& path, bool metrics_known, KeyReader* reader,
              Config* config, AlertRuleConfig* rule) {
  reader->ReadSection(entry, AlertRuleKeys(), path, rule, kNameKey);
  CheckPersistence(entry, path, reader, rule);
  const YamlNode* clear = entry.Find("clear_score");
  if (clear != nullptr && rule->clear_score && *rule->clear_score > rule->fire_score) {
    reader->Error(clear->mark, path + ".clear_score must not be above " + path + ".fire_score");
  }
  std::vector<std::string> detectors, metrics;
  for (const DetectorConfig& detector : config->detectors) detectors.push_back(detector.name);
  for (const MetricConfig& metric : config->schema.metrics) metrics.push_back(metric.name);
  CheckLabels(entry, "labels", path, *config, reader);
  CheckNames(entry, "detectors", "detector", rule->detectors, detectors, path, reader);
  if (metrics_known) CheckNames(entry, "metrics", "metric", rule->metrics, metrics, path, reader);
}

void ReadRules(const YamlNode& node, bool metrics_known, KeyReader* reader, Config* config) {
  NameList names("alerts.rules");
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& entry = *node.items[i];
    const std::string path = "alerts.rules[" + std::to_string(i) + "]";
    if (entry.kind == Kind::kBroken) continue;
    if (entry.kind != Kind::kMap) {
      reader->Error(entry.mark, path + " must be a map such as {name: hot, metrics: temperature}" +
                                    (entry.kind == Kind::kNull ? "" : ", not " + Shown(entry)));
      continue;
    }
    AlertRuleConfig rule;
    rule.line = entry.mark.line;
    rule.name = names.Read(entry, i, reader);
    ReadRule(entry, path, metrics_known, reader, config, &rule);
    config->alerts.rules.push_back(std::move(rule));
  }
  for (AlertRuleConfig& rule : config->alerts.rules) {
    if (!rule.name.empty()) continue;
    rule.name = names.MakeUp(AlertRuleKeys()[0].words[static_cast<size_t>(rule.type)]);
  }
}

std::vector<std::string> ChannelTypeNames() {
  std::vector<std::string> names;
  for (const AlertChannelType& type : AlertChannelTypes()) names.push_back(type.name);
  return names;
}

const AlertChannelType* FindChannelType(const std::string& name) {
  for (const AlertChannelType& type : AlertChannelTypes()) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

void UnknownChannelType(Mark mark, const std::string& word, KeyReader* reader) {
  const std::vector<std::string> names = ChannelTypeNames();
  const std::string suggestion = Suggest(word, names);
  reader->Error(mark, "unknown channel type " + Quoted(word) +
                          (suggestion.empty() ? "; known types are " + Join(names) : suggestion));
}

/// The one entry of the map that names its type; null, and reported, when there is no such one.
const YamlEntry* FindTypeEntry(const YamlNode& node, const std::string& path, KeyReader* reader) {
  const YamlEntry* found = nullptr;
  bool ok = true;
  for (const YamlEntry& entry : node.entries) {
    const auto& keys = AlertChannelKeys();
    const bool common = entry.key == "name" ||
                        std::any_of(keys.begin(), keys.end(),
                                    [&](const KeySpec& key) { return key.name == entry.key; });
    if (common) continue;
    if (FindChannelType(entry.key) == nullptr) {
      UnknownChannelType(entry.mark, entry.key, reader);
      ok = false;
    } else if (found != nullptr) {
      reader->Error(entry.mark, path + " has two types, \"" + found->key + "\" and \"" + entry.key +
                                    "\"; start a second entry with \"- \"");
      ok = false;
    } else {
      found = &entry;
    }
  }
  if (found == nullptr && ok) {
    reader->Error(node.mark, path + " has no type; write one of " + Join(ChannelTypeNames()) +
                                 ", as in - webhook: {url: https://example.com/alerts}");
  }
  return ok ? found : nullptr;
}

/// A value and the file that may hold it instead: at most one of them is given.
void CheckTwin(const YamlNode& options, const std::string& key, const std::string& path,
               KeyReader* reader) {
  const YamlNode* file = options.Find(key + "_file");
  if (file == nullptr || options.Find(key) == nullptr) return;
  reader->Error(file->mark,
                path + " has \"" + key + "\" and \"" + key + "_file\"; remove one of the two");
}

void CheckMqtt(const YamlNode& options, const MqttChannelConfig& mqtt, const std::string& path,
               KeyReader* reader) {
  const YamlNode* broker = options.Find("broker");
  const bool is_tls = mqtt.broker.starts_with("mqtts://");
  if (!mqtt.broker.empty() && !is_tls && !mqtt.broker.starts_with("mqtt://")) {
    reader->Error(broker->mark, path + ".broker must begin with mqtt:// or mqtts://");
  }
  if (mqtt.topic.find_first_of("+#") != std::string::npos) {
    reader->Error(options.Find("topic")->mark,
                  path + ".topic must have no \"+\" and \"#\": they are of filters");
  }
  if (!is_tls && !(mqtt.ca_file + mqtt.certificate_file).empty()) {
    reader->Error(options.mark, path + " has certificates, so its broker must be mqtts://");
  }
}

void CheckOptions(const YamlNode& options, const AlertChannelType& type, Mark mark,
                  const std::string& path, KeyReader* reader) {
  const auto has = [&](const std::string& key) {
    return options.Find(key) != nullptr || options.Find(key + "_file") != nullptr;
  };
  for (const std::string key :
       {"url", "secret", "webhook_url", "bot_token", "routing_key", "password"}) {
    CheckTwin(options, key, path, reader);
  }
  const std::pair<const char*, const char*> needed[] = {
      {"webhook", "url"}, {"teams", "webhook_url"}, {"pagerduty", "routing_key"}};
  for (const auto& [name, key] : needed) {
    if (type.name != name || has(key)) continue;
    reader->Error(mark, path + " needs the key \"" + key + "\" or \"" + key + "_file\"");
  }
  if (type.name != "slack") return;
  if (has("webhook_url") == has("bot_token")) {
    reader->Error(mark, path +
                            " needs either \"webhook_url\" or \"bot_token\", or one of them with "
                            "\"_file\"");
  } else if (has("bot_token") && options.Find("channel") == nullptr) {
    reader->Error(mark, path + " needs the key \"channel\" beside \"bot_token\"");
  }
}

void ReadChannel(const YamlNode& entry, const std::string& path, KeyReader* reader,
                 AlertChannelConfig* channel, bool* good) {
  const AlertChannelType* type = nullptr;
  YamlNode none;
  none.kind = Kind::kMap;
  none.mark = entry.mark;
  const YamlNode* options = &none;
  if (entry.kind == Kind::kScalar) {
    type = FindChannelType(entry.text);
    if (type == nullptr) {
      UnknownChannelType(entry.mark, entry.secret ? entry.written : entry.text, reader);
      return;
    }
  } else {
    const YamlEntry* type_entry = FindTypeEntry(entry, path, reader);
    if (type_entry == nullptr) return;
    type = FindChannelType(type_entry->key);
    none.mark = type_entry->mark;
    if (type_entry->value->kind != Kind::kNull) options = type_entry->value.get();
    std::vector<std::string> also = {"name", type->name};
    reader->ReadSection(entry, AlertChannelKeys(), path, channel, also);
    if (channel->rate_limit == 0 && entry.Find("device_rate_limit") == nullptr) {
      channel->device_rate_limit = 0;
    }
  }
  type->make(channel);
  *good = true;
  if (options->kind == Kind::kBroken) return;
  const std::string type_path = path + "." + type->name;
  if (options->kind != Kind::kMap) {
    reader->Error(options->mark, type_path + " must be a map, not " + Shown(*options));
    return;
  }
  reader->ReadSection(*options, type->keys, type_path, type->options(channel));
  CheckOptions(*options, *type, none.mark, type_path, reader);
  if (const auto* mqtt = std::get_if<MqttChannelConfig>(&channel->options)) {
    CheckMqtt(*options, *mqtt, type_path, reader);
  }
}

void ReadChannels(const YamlNode& node, KeyReader* reader, Config* config) {
  NameList names("alerts.channels");
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& entry = *node.items[i];
    const std::string path = "alerts.channels[" + std::to_string(i) + "]";
    if (entry.kind == Kind::kBroken) continue;
    if (entry.kind != Kind::kMap && entry.kind != Kind::kScalar) {
      reader->Error(entry.mark, path +
                                    " must be a type with its keys, as in - webhook: {url: "
                                    "https://example.com/alerts}" +
                                    (entry.kind == Kind::kNull ? "" : ", not " + Shown(entry)));
      continue;
    }
    AlertChannelConfig channel;
    channel.line = entry.mark.line;
    if (entry.kind == Kind::kMap) channel.name = names.Read(entry, i, reader);
    bool good = false;
    ReadChannel(entry, path, reader, &channel, &good);
    if (good) CheckLabels(entry, "group_by", path, *config, reader, {"rule", "device", "metric"});
    if (good) config->alerts.channels.push_back(std::move(channel));
  }
  for (AlertChannelConfig& channel : config->alerts.channels) {
    if (channel.name.empty()) channel.name = names.MakeUp(TypeOf(channel).name);
  }
}

void CheckRuleChannels(const YamlNode& rules, KeyReader* reader, const Config& config) {
  std::vector<std::string> channels;
  for (const AlertChannelConfig& channel : config.alerts.channels) channels.push_back(channel.name);
  size_t read = 0;
  for (size_t i = 0; i < rules.items.size(); ++i) {
    if (rules.items[i]->kind != Kind::kMap) continue;
    CheckNames(*rules.items[i], "channels", "channel", config.alerts.rules[read++].channels,
               channels, "alerts.rules[" + std::to_string(i) + "]", reader);
  }
}

}  // namespace

void ReadAlerts(const YamlNode& node, bool metrics_known, KeyReader* reader, Config* config) {
  const auto list = [&](size_t key, const std::string& name) -> const YamlNode* {
    const YamlNode* found = node.Find(name);
    if (found == nullptr) return nullptr;
    const KeySpec spec = AlertsSection().keys[key];
    return reader->IsCollection(*found, spec, "alerts." + name) ? found : nullptr;
  };
  const YamlNode* rules = list(0, "rules");
  const YamlNode* channels = list(1, "channels");
  if (rules != nullptr) {
    ReadRules(*rules, metrics_known, reader, config);
  } else {
    config->alerts.rules = DefaultAlertRules();
  }
  if (channels != nullptr) ReadChannels(*channels, reader, config);
  if (rules != nullptr) CheckRuleChannels(*rules, reader, *config);
}

std::vector<AlertRuleConfig> DefaultAlertRules() {
  AlertRuleConfig rule;
  rule.name = "anomaly";
  return {rule};
}

}  // namespace avocet
