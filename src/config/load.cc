#include "src/config/load.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "src/base/s3_url.h"
#include "src/config/catalog_keys.h"
#include "src/config/config_keys.h"
#include "src/config/device_keys.h"
#include "src/config/key_reader.h"
#include "src/config/lineage_keys.h"
#include "src/config/maintenance_keys.h"
#include "src/config/read_alerts.h"
#include "src/config/read_detectors.h"
#include "src/config/read_metrics.h"
#include "src/config/read_sources.h"
#include "src/config/remedies.h"
#include "src/config/source_text.h"
#include "src/config/yaml_tree.h"
#include "src/env/env.h"
#include "src/env/time_zone.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

const KeySpec& FindKey(const std::vector<KeySpec>& keys, std::string_view name) {
  return *std::find_if(keys.begin(), keys.end(),
                       [&](const KeySpec& key) { return key.name == name; });
}

std::string HexByte(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("0x") + kDigits[byte >> 4U] + kDigits[byte & 0xFU];
}

/// Why `raw` cannot be given to the YAML parser at all.
std::optional<ConfigError> CheckBytes(std::string_view raw, const SourceText& source) {
  if (raw.size() > kMaxYamlBytes) {
    return ConfigError{0, 0,
                       "the file has " + std::to_string(raw.size()) +
                           " bytes, more than the 1 MiB that a configuration can have"};
  }
  const std::string_view mark = raw.substr(0, 2);
  if (mark == "\xFF\xFE" || mark == "\xFE\xFF") {
    return ConfigError{0, 0, "the file is UTF-16; save it as UTF-8"};
  }
  const size_t bad = source.FindBadByte();
  if (bad == std::string::npos) return std::nullopt;
  const Mark place = source.MarkAt(bad);
  const char c = source.text()[bad];
  const bool control = static_cast<unsigned char>(c) < 0x80;
  return ConfigError{
      place.line, place.column,
      control ? "the control character " + HexByte(c) + " is not allowed in YAML; remove it"
              : "the byte " + HexByte(c) + " is not UTF-8; save the file as UTF-8"};
}

/// Checks what the keys alone cannot say about schema.device.
void CheckDevice(const YamlNode& schema, KeyReader* reader) {
  const YamlNode* device = schema.Find("device");
  if (device == nullptr || device->kind != Kind::kMap) return;
  if (device->Find("field") == nullptr) return;
  for (const YamlEntry& entry : device->entries) {
    if (entry.key == "constant") {
      reader->Error(entry.mark,
                    "schema.device has \"field\" and \"constant\"; remove one of the two");
    }
  }
}

/// Checks what the keys alone cannot say about schema.time.
void CheckTime(const YamlNode& schema, const SchemaConfig& config, KeyReader* reader) {
  const YamlNode* time = schema.Find("time");
  if (time == nullptr || time->kind != Kind::kMap) return;
  const YamlNode* pattern = time->Find("pattern");
  const YamlNode* zone = time->Find("zone");
  const bool is_epoch =
      config.time_format != TimeFormat::kAuto && config.time_format != TimeFormat::kIso8601;
  if (pattern != nullptr && !config.time_pattern.empty()) {
    const Status status = TimePattern::Make(config.time_pattern, TimeZone::Utc()).status();
    if (!status.ok()) reader->Error(pattern->mark, "schema.time.pattern: " + status.message());
    if (config.time_format != TimeFormat::kAuto) {
      reader->Error(pattern->mark,
                    "schema.time has \"pattern\" and \"format\"; remove one of the two");
    }
  }
  if (zone == nullptr || config.time_zone.empty()) return;
  const Status status = TimeZone::Load(config.time_zone).status();
  if (!status.ok()) reader->Error(zone->mark, "schema.time.zone: " + status.message());
  if (is_epoch) {
    reader->Error(zone->mark,
                  "schema.time.zone has no meaning for seconds since 1970, which count from "
                  "midnight UTC; remove it");
  }
}

/// True when `metrics` was read, or is not there, so that its names are all there are.
bool ReadSchema(const YamlNode& schema, KeyReader* reader, Config* config) {
  CheckDevice(schema, reader);
  CheckTime(schema, config->schema, reader);
  const YamlNode* metrics = schema.Find("metrics");
  if (schema.Find("evolve") == nullptr) {
    config->schema.evolve = metrics == nullptr || metrics->kind == Kind::kNull ||
                            (metrics->kind == Kind::kMap && metrics->entries.empty());
  }
  if (metrics == nullptr) return true;
  const KeySpec& key = FindKey(FindKey(RootKeys(), "schema").keys, "metrics");
  if (!reader->IsCollection(*metrics, key, "schema.metrics")) return metrics->kind == Kind::kNull;
  ReadMetrics(*metrics, reader, config);
  return config->schema.metrics.size() == metrics->entries.size();
}

void ReadRoot(const YamlNode& root, std::span<const DetectorSpec> specs, const FileReader& files,
              KeyReader* reader, Config* config) {
  reader->ReadSection(root, RootKeys(), "", config);
  if (const YamlNode* lake = root.Find("lake"); lake != nullptr) {
    const Status status = CheckLakePath(config->storage.lake);
    if (!status.ok()) reader->Error(lake->mark, status.message());
  }
  const YamlNode* schema = root.Find("schema");
  bool metrics_known = schema == nullptr;
  if (schema != nullptr && schema->kind == Kind::kMap) {
    metrics_known = ReadSchema(*schema, reader, config);
    const YamlNode* evolve = schema->Find("evolve");
    if (evolve != nullptr && evolve->kind != Kind::kScalar) metrics_known = false;
  }
  const YamlNode* devices = root.Find("devices");
  if (devices != nullptr && devices->kind == Kind::kMap) {
    ReadDevices(*devices, files, reader, config);
  }
  const YamlNode* sources = root.Find("sources");
  if (sources != nullptr &&
      reader->IsCollection(*sources, FindKey(RootKeys(), "sources"), "sources")) {
    ReadSources(*sources, reader, config);
  }
  const YamlNode* detectors = root.Find("detectors");
  if (detectors == nullptr || detectors->kind == Kind::kNull) {
    config->detectors = DefaultDetectors(specs);
  } else if (reader->IsCollection(*detectors, FindKey(RootKeys(), "detectors"), "detectors")) {
    ReadDetectors(*detectors, specs, metrics_known && !config->schema.evolve, reader, config);
  }
  const YamlNode* maintenance = root.Find("maintenance");
  if (maintenance != nullptr &&
      reader->IsCollection(*maintenance, FindKey(RootKeys(), "maintenance"), "maintenance")) {
    ReadMaintenance(*maintenance, metrics_known && !config->schema.evolve, reader, config);
  }
  const YamlNode* catalog = root.Find("catalog");
  if (catalog != nullptr && catalog->kind == Kind::kMap) CheckCatalog(*catalog, reader);
  const YamlNode* lineage = root.Find("lineage");
  if (lineage != nullptr && lineage->kind == Kind::kMap) CheckLineage(*lineage, reader);
  const YamlNode* alerts = root.Find("alerts");
  if (alerts != nullptr && alerts->kind == Kind::kMap) {
    ReadAlerts(*alerts, metrics_known && !config->schema.evolve, reader, config);
  } else {
    config->alerts.rules = DefaultAlertRules();
  }
}

void ReportNoMap(const YamlNode& root, KeyReader* reader) {
  const size_t colon = root.text.find(':');
  const bool glued = root.kind == Kind::kScalar && root.plain && colon != std::string::npos;
  reader->Error(root.mark, "a configuration must be a map of keys such as \"lake: ./lake\", not " +
                               Shown(root) + (glued ? "; write a space after the \":\"" : ""));
}

}  // namespace

FileReader FilesOf(Env* env) {
  return [env](const std::string& path) { return env->ReadFile(path); };
}

Status CheckLakePath(std::string_view lake) {
  if (IsS3Url(lake)) return ParseS3Url(lake).status();
  if (lake.find("://") == std::string_view::npos) return Status::Ok();
  return Status::Config("the lake must be a directory or s3://bucket/prefix, not \"" +
                        std::string(lake) + "\"");
}

Config DefaultConfig(std::span<const DetectorSpec> detectors) {
  Config config;
  config.schema.evolve = true;
  config.detectors = DefaultDetectors(detectors);
  config.alerts.rules = DefaultAlertRules();
  return config;
}

LoadedConfig ParseConfig(std::string_view text, const std::string& file, const Lookup& environment,
                         std::span<const DetectorSpec> detectors, const FileReader& files) {
  LoadedConfig loaded;
  loaded.config = DefaultConfig(detectors);
  loaded.config.file = file;
  const SourceText source(text.substr(0, kMaxYamlBytes + 1));
  if (std::optional<ConfigError> error = CheckBytes(text, source)) {
    loaded.errors.push_back(*std::move(error));
    return loaded;
  }
  YamlDocument document = ParseYaml(source, environment);
  KeyReader reader;
  for (ConfigError& error : document.errors) {
    reader.Error({error.line, error.column}, std::move(error.message));
  }
  const YamlNode* root = document.root.get();
  if (root != nullptr && root->kind == Kind::kMap) {
    Config config;
    config.file = file;
    config.schema.evolve = true;
    ReadRoot(*root, detectors, files, &reader, &config);
    config.lines = reader.TakeLines();
    loaded.config = std::move(config);
  } else if (root != nullptr && root->kind != Kind::kNull && root->kind != Kind::kBroken) {
    ReportNoMap(*root, &reader);
  }
  loaded.errors = reader.TakeErrors();
  loaded.files = reader.TakeFiles();
  return loaded;
}

}  // namespace avocet
