#include "src/config/device_keys.h"

#include <algorithm>
#include <utility>

#include "src/config/device_labels.h"
#include "src/config/key_text.h"
#include "src/config/labels_file.h"
#include "src/config/quoted.h"
#include "src/config/remedies.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

/// Reports what is wrong with labels, the map `node`, which is read already.
void CheckNamesAndValues(const YamlNode& node, KeyReader* reader) {
  if (node.kind != Kind::kMap) return;
  if (node.entries.size() > kMostLabels) {
    reader->Error(node.mark,
                  "a device has at most 16 labels, not " + std::to_string(node.entries.size()));
  }
  for (const YamlEntry& entry : node.entries) {
    if (const std::string problem = LabelNameProblem(entry.key); !problem.empty()) {
      reader->Error(entry.mark, problem);
    } else if (entry.value->kind == Kind::kScalar) {
      const std::string wrong = LabelValueProblem(entry.value->text);
      if (!wrong.empty()) reader->Error(entry.value->mark, wrong);
    }
  }
}

void ReadEntries(const YamlNode& list, KeyReader* reader, Config* config) {
  for (size_t i = 0; i < list.items.size(); ++i) {
    const YamlNode& entry = *list.items[i];
    const std::string path = "devices.labels[" + std::to_string(i) + "]";
    if (entry.kind == Kind::kBroken) continue;
    if (entry.kind != Kind::kMap) {
      reader->Error(entry.mark, path +
                                    " must be a map such as {devices: \"press-*\", labels: {site: "
                                    "north}}" +
                                    (entry.kind == Kind::kNull ? "" : ", not " + Shown(entry)));
      continue;
    }
    DeviceLabelsConfig labels;
    reader->ReadSection(entry, DeviceLabelsKeys(), path, &labels);
    if (const YamlNode* map = entry.Find("labels"); map != nullptr) {
      CheckNamesAndValues(*map, reader);
    }
    config->devices.labels.push_back(std::move(labels));
  }
}

void ReadFile(const YamlNode& key, const FileReader& files, KeyReader* reader, Config* config) {
  const std::string& path = config->devices.labels_file;
  const Result<std::string> text = files(path);
  if (!text.ok()) return reader->Error(key.mark, "devices.labels_file: " + text.status().message());
  LabelsFile file = ParseLabelsFile(*text);
  if (!file.errors.empty()) {
    std::string message = "devices.labels_file has ";
    message += file.errors.size() == 1 ? "a mistake:" : "mistakes:";
    for (const ConfigError& error : file.errors) {
      message += "\n  " + path + (error.line > 0 ? ":" + std::to_string(error.line) : "") + ": " +
                 error.message;
    }
    return reader->Error(key.mark, std::move(message));
  }
  config->devices.listed = std::move(file.devices);
}

}  // namespace

KeySpec DevicesSection() {
  using D = DevicesConfig;
  KeySpec labels;
  labels.kind = KeyKind::kDeviceLabels;
  labels.name = "labels";
  labels.help = "Labels by patterns of devices: a list.";
  return Section<&Config::devices>(
      "devices", "What is known of devices besides their readings.",
      {
          Key<&D::labels_file>("labels_file",
                               "CSV file with the column `device_id` and a column for each label; "
                               "it wins over `labels`.")
              .DefaultNote("none")
              .CommentOut()
              .Example("devices.csv"),
          labels,
          Key<&D::peers>("peers",
                         "A label: `auto` compares devices with those that have the same value.")
              .DefaultNote("all devices are compared")
              .Example("site"),
      });
}

const std::vector<KeySpec>& DeviceLabelsKeys() {
  using L = DeviceLabelsConfig;
  static const std::vector<KeySpec> keys = {
      Key<&L::devices>("devices", "Patterns of devices, with `*` and `?`.")
          .Required()
          .Example("[\"press-*\"]"),
      Key<&L::labels>("labels", "Their labels: names and values. Later entries win.")
          .Required()
          .Example("{site: north, line: \"3\"}"),
  };
  return keys;
}

void ReadDevices(const YamlNode& node, const FileReader& files, KeyReader* reader, Config* config) {
  const KeySpec section = DevicesSection();
  if (const YamlNode* list = node.Find("labels");
      list != nullptr && reader->IsCollection(*list, section.keys[1], "devices.labels")) {
    ReadEntries(*list, reader, config);
  }
  if (const YamlNode* file = node.Find("labels_file");
      file != nullptr && files != nullptr && !config->devices.labels_file.empty()) {
    ReadFile(*file, files, reader, config);
  }
  CheckLabels(node, "peers", "devices", *config, reader);
}

void CheckLabels(const YamlNode& entry, const std::string& key, const std::string& path,
                 const Config& config, KeyReader* reader,
                 const std::vector<std::string>& also_known) {
  const YamlNode* node = entry.Find(key);
  if (node == nullptr) return;
  std::vector<std::string> known = LabelNames(config.devices);
  // A file that could not be read may have them.
  if (config.devices.listed.empty() && !config.devices.labels_file.empty()) return;
  known.insert(known.begin(), also_known.begin(), also_known.end());
  const auto check = [&](const std::string& name, const YamlNode& place, Mark mark) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string suggestion = place.secret ? "" : Suggest(name, known);
    reader->Error(mark, "no device has the label " +
                            (place.secret ? Quoted(place.written) : Quoted(name)) + " of " +
                            JoinPath(path, key) +
                            (!suggestion.empty() ? suggestion
                             : known.empty()     ? "; there are none, see devices.labels"
                                                 : "; known are " + Join(known)));
  };
  if (node->kind == Kind::kScalar) check(node->text, *node, node->mark);
  for (const YamlNodePtr& item : node->items) {
    if (item->kind == Kind::kScalar) check(item->text, *item, item->mark);
  }
  for (const YamlEntry& label : node->entries) check(label.key, *node, label.mark);
}

}  // namespace avocet
