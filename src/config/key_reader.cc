#include "src/config/key_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "src/base/time_format.h"
#include "src/config/instant.h"
#include "src/config/key_text.h"
#include "src/config/quoted.h"
#include "src/config/remedies.h"
#include "src/config/yaml_scalar.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

}  // namespace

void KeyReader::Error(Mark mark, std::string message) {
  errors_.push_back({mark.line, mark.column, std::move(message)});
}

std::vector<ConfigError> KeyReader::TakeErrors() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  // A node that is used through several aliases is checked, and wrong, several times.
  const auto last =
      std::unique(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
        return a.line == b.line && a.column == b.column;
      });
  errors_.erase(last, errors_.end());
  return std::move(errors_);
}

void KeyReader::CheckKnown(const YamlNode& node, std::span<const std::string> known,
                           const std::string& path) {
  for (const YamlEntry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    Error(entry.mark, "unknown key " + Quoted(entry.key) +
                          (path.empty() ? " at the top level" : " in " + path) +
                          UnknownKeyRemedy(entry.key, known, path));
  }
}

bool KeyReader::IsCollection(const YamlNode& node, const KeySpec& key, const std::string& path) {
  const bool list = key.kind == KeyKind::kSources || key.kind == KeyKind::kDetectors ||
                    key.kind == KeyKind::kAlertRules || key.kind == KeyKind::kAlertChannels ||
                    key.kind == KeyKind::kMaintenance || key.kind == KeyKind::kDeviceLabels;
  if (node.kind == (list ? Kind::kList : Kind::kMap)) return true;
  if (node.kind != Kind::kNull && node.kind != Kind::kBroken) {
    WrongType(node, key, path,
              list && node.kind == Kind::kMap ? "start each entry with \"- \"" : "");
  }
  return false;
}

void KeyReader::ReadSection(const YamlNode& node, std::span<const KeySpec> keys,
                            const std::string& path, void* object,
                            std::span<const std::string> also_known) {
  std::vector<std::string> known(also_known.begin(), also_known.end());
  for (const KeySpec& key : keys) known.push_back(key.name);
  CheckKnown(node, known, path);
  for (const KeySpec& key : keys) {
    const YamlNode* value = node.Find(key.name);
    if (value != nullptr) {
      ReadKey(*value, key, JoinPath(path, key.name), object);
      LookAround(node, *value, key, JoinPath(path, key.name));
    } else if (key.required) {
      Error(node.mark,
            path + " needs the key \"" + key.name + "\", as in " + key.name + ": " + key.example);
    }
  }
}

void KeyReader::ReadKey(const YamlNode& node, const KeySpec& key, const std::string& path,
                        void* object) {
  switch (key.kind) {
    case KeyKind::kMetrics:
    case KeyKind::kSources:
    case KeyKind::kDetectors:
    case KeyKind::kAlertRules:
    case KeyKind::kAlertChannels:
    case KeyKind::kMaintenance:
    case KeyKind::kDeviceLabels:
      return;
    case KeyKind::kSection:
      if (node.kind == Kind::kScalar && !key.shorthand.empty()) {
        const auto target =
            std::find_if(key.keys.begin(), key.keys.end(),
                         [&](const KeySpec& child) { return child.name == key.shorthand; });
        lines_.emplace(JoinPath(path, target->name), node.mark.line);
        return ReadKey(node, *target, path, key.enter(object));
      }
      // All its keys may be commented out.
      if (node.kind == Kind::kNull) return;
      if (node.kind == Kind::kMap) {
        return ReadSection(node, key.keys, path, key.enter(object));
      }
      if (node.kind != Kind::kBroken) WrongType(node, key, path);
      return;
    default:
      if (const std::optional<KeyValue> value = ReadValue(node, key, path)) {
        key.set(key, object, *value);
      }
  }
}

void KeyReader::LookAround(const YamlNode& section, const YamlNode& value, const KeySpec& key,
                           const std::string& path) {
  const YamlNode* const partner = key.partner.empty() ? nullptr : section.Find(key.partner);
  if (!key.partner.empty() && partner == nullptr) {
    Error(value.mark,
          path + " needs the key \"" + key.partner + "\" beside it: set both or neither");
  }
  const auto note = [&](const YamlNode& node, const std::string& name, FileContent content) {
    if (node.kind != Kind::kScalar || node.text.empty()) return;
    const bool has_certificate = content == FileContent::kPrivateKey && partner != nullptr;
    files_.push_back({.line = node.mark.line,
                      .column = node.mark.column,
                      .key = name,
                      .path = node.text,
                      .content = content,
                      .certificate_path = has_certificate ? partner->text : std::string()});
  };
  if (key.file != FileContent::kNone) note(value, path, key.file);
  for (const auto& [name, content] : key.entry_files) {
    const YamlNode* const entry = value.Find(name);
    if (entry != nullptr) note(*entry, JoinPath(path, name), content);
  }
}

std::optional<KeyValue> KeyReader::ReadValue(const YamlNode& node, const KeySpec& key,
                                             const std::string& path) {
  if (node.kind == Kind::kBroken) return std::nullopt;
  if (node.kind == Kind::kNull) {
    const std::string fallback = YamlValue(key, key.Default());
    Error(node.mark,
          path +
              (node.written.find("${") != std::string::npos
                   ? " gets no value from " + Quoted(node.written)
                   : std::string(" has no value")) +
              (fallback.empty() ? "; write " + Expectation(key) + ", or remove it"
                                : "; write one, or remove it for the default " + fallback));
    return std::nullopt;
  }
  lines_.emplace(path, node.mark.line);
  switch (key.kind) {
    case KeyKind::kText:
    case KeyKind::kWord:
      return ReadText(node, key, path);
    case KeyKind::kBool:
      return ReadBool(node, key, path);
    case KeyKind::kInteger:
    case KeyKind::kNumber:
      return ReadNumber(node, key, path);
    case KeyKind::kDuration:
    case KeyKind::kBytes:
    case KeyKind::kInstant:
      return ReadMeasure(node, key, path);
    case KeyKind::kTextList:
      return ReadTextList(node, key, path);
    case KeyKind::kTextMap:
      return ReadTextMap(node, key, path);
    case KeyKind::kNumberList:
      return ReadNumberList(node, key, path);
    case KeyKind::kRange:
      return ReadRange(node, key, path);
    default:
      return std::nullopt;
  }
}

void KeyReader::WrongType(const YamlNode& node, const KeySpec& key, const std::string& path,
                          const std::string& remedy) {
  std::string advice = remedy;
  const bool map = key.kind == KeyKind::kSection || key.kind == KeyKind::kMetrics ||
                   key.kind == KeyKind::kTextMap;
  if (map && node.kind == Kind::kList) advice = "write its keys without \"- \"";
  Error(node.mark, path + " must be " + Expectation(key) + ", not " + Shown(node) +
                       (advice.empty() ? "" : "; " + advice));
}

std::optional<KeyValue> KeyReader::InLimits(const YamlNode& node, const KeySpec& key,
                                            const std::string& path, double value,
                                            KeyValue result) {
  const bool low = key.above_min ? value > key.min : value >= key.min;
  if (low && value <= key.max) return result;
  Error(node.mark, path + " must be " + Violation(key, value) + ", not " + Shown(node) +
                       (key.limit_reason.empty() ? "" : "; " + key.limit_reason));
  return std::nullopt;
}

std::optional<std::string> KeyReader::ReadText(const YamlNode& node, const KeySpec& key,
                                               const std::string& path) {
  if (node.kind != Kind::kScalar) {
    WrongType(node, key, path);
    return std::nullopt;
  }
  if (TypeOf(node) != ScalarType::kText && key.kind != KeyKind::kWord) {
    WrongType(node, key, path, "put it in quotes: " + Quoted(node.written));
    return std::nullopt;
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(node.text.begin(), node.text.end(), is_control)) {
    Error(node.mark, path +
                         " must not contain line breaks or control characters; write it on one "
                         "line");
    return std::nullopt;
  }
  if (node.text.empty() && !key.allow_empty) {
    Error(node.mark, path + " must not be empty; write " + Expectation(key) + ", or remove it");
    return std::nullopt;
  }
  const auto& words = key.words;
  if (!words.empty() && std::find(words.begin(), words.end(), node.text) == words.end()) {
    Error(node.mark, path + " must be one of " + Join(words) + ", not " + Shown(node) +
                         (node.secret ? "" : Suggest(node.text, words)));
    return std::nullopt;
  }
  return node.text;
}

std::optional<KeyValue> KeyReader::ReadBool(const YamlNode& node, const KeySpec& key,
                                            const std::string& path) {
  if (node.kind == Kind::kScalar && TypeOf(node) == ScalarType::kBool) {
    return KeyValue(*ParseYamlBool(node.text));
  }
  WrongType(node, key, path, BoolRemedy(node));
  return std::nullopt;
}

std::optional<KeyValue> KeyReader::ReadNumber(const YamlNode& node, const KeySpec& key,
                                              const std::string& path) {
  if (!IsNumber(node)) {
    WrongType(node, key, path, NumberRemedy(node, key));
    return std::nullopt;
  }
  if (key.kind == KeyKind::kInteger) {
    if (const std::optional<int64_t> value = ParseYamlInteger(node.text)) {
      return InLimits(node, key, path, static_cast<double>(*value), *value);
    }
    WrongType(node, key, path, NumberRemedy(node, key));
    return std::nullopt;
  }
  const std::optional<double> value = ParseYamlNumber(node.text);
  if (!value || !std::isfinite(*value)) {
    Error(node.mark, path + " must be a finite number, not " + Shown(node));
    return std::nullopt;
  }
  return InLimits(node, key, path, *value, *value);
}

std::optional<KeyValue> KeyReader::ReadMeasure(const YamlNode& node, const KeySpec& key,
                                               const std::string& path) {
  if (node.kind != Kind::kScalar) {
    WrongType(node, key, path);
    return std::nullopt;
  }
  std::optional<int64_t> value;
  if (key.kind == KeyKind::kInstant) {
    value = ParseInstant(node.text);
  } else {
    const Result<int64_t> parsed =
        key.kind == KeyKind::kDuration ? ParseDuration(node.text) : ParseByteSize(node.text);
    if (parsed.ok()) value = *parsed;
  }
  if (!value) {
    const bool no_unit = key.kind == KeyKind::kDuration && IsNumber(node) && !node.secret;
    WrongType(node, key, path, no_unit ? "add a unit, as in " + node.text + "s" : "");
    return std::nullopt;
  }
  return InLimits(node, key, path, static_cast<double>(*value), *value);
}

std::optional<KeyValue> KeyReader::ReadTextList(const YamlNode& node, const KeySpec& key,
                                                const std::string& path) {
  if (node.kind == Kind::kScalar) {
    const std::optional<std::string> text = ReadText(node, key, path);
    if (!text) return std::nullopt;
    return KeyValue(std::vector<std::string>{*text});
  }
  if (node.kind != Kind::kList) {
    WrongType(node, key, path);
    return std::nullopt;
  }
  KeySpec entry_key;
  entry_key.words = key.words;
  if (!key.words.empty()) entry_key.kind = KeyKind::kWord;
  std::vector<std::string> texts;
  std::set<std::string> seen;
  bool complete = true;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    const std::optional<KeyValue> value = ReadValue(item, entry_key, item_path);
    complete &= value.has_value();
    if (!value) continue;
    texts.push_back(std::get<std::string>(*value));
    if (seen.insert(texts.back()).second) continue;
    Error(item.mark, Shown(item) + " is in " + path + " twice; remove one of the two");
    complete = false;
  }
  if (texts.empty() && complete && !key.allow_empty) {
    Error(node.mark, path + " must not be an empty list; write at least one entry");
    return std::nullopt;
  }
  if (!complete) return std::nullopt;
  return KeyValue(std::move(texts));
}

std::optional<KeyValue> KeyReader::ReadTextMap(const YamlNode& node, const KeySpec& key,
                                               const std::string& path) {
  if (node.kind != Kind::kMap) {
    WrongType(node, key, path);
    return std::nullopt;
  }
  std::map<std::string, std::string> texts;
  for (const YamlEntry& entry : node.entries) {
    if (entry.value->kind == Kind::kScalar) {
      // Numbers and flags are texts here: whoever gets them knows what they mean.
      texts[entry.key] = entry.value->text;
    } else if (entry.value->kind != Kind::kBroken) {
      Error(entry.value->mark,
            JoinPath(path, entry.key) + " must be text, not " + Shown(*entry.value));
    }
  }
  if (texts.size() != node.entries.size()) return std::nullopt;
  return KeyValue(std::move(texts));
}

std::optional<KeyValue> KeyReader::ReadNumberList(const YamlNode& node, const KeySpec& key,
                                                  const std::string& path) {
  if (node.kind != Kind::kList) {
    WrongType(node, key, path);
    return std::nullopt;
  }
  KeySpec entry_key;
  entry_key.kind = KeyKind::kNumber;
  std::vector<double> numbers;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::optional<KeyValue> value =
        ReadValue(*node.items[i], entry_key, path + "[" + std::to_string(i) + "]");
    if (value) numbers.push_back(std::get<double>(*value));
  }
  if (numbers.size() != node.items.size()) return std::nullopt;
  return KeyValue(std::move(numbers));
}

std::optional<KeyValue> KeyReader::ReadRange(const YamlNode& node, const KeySpec& key,
                                             const std::string& path) {
  if (node.kind != Kind::kList) {
    WrongType(node, key, path);
    return std::nullopt;
  }
  if (node.items.size() != 2) {
    Error(node.mark, path + " must have two numbers such as [-40, 85], not " +
                         std::to_string(node.items.size()) + "; use null for an open end");
    return std::nullopt;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> ends = {-infinity, infinity};
  KeySpec end_key;
  end_key.kind = KeyKind::kNumber;
  for (size_t i = 0; i < 2; ++i) {
    const YamlNode& item = *node.items[i];
    if (item.kind == Kind::kNull && !item.missing && !item.secret) continue;
    if (IsNumber(item) && ParseYamlNumber(item.text) == ends[i]) continue;
    const std::optional<KeyValue> value =
        ReadValue(item, end_key, path + "[" + std::to_string(i) + "]");
    if (!value) return std::nullopt;
    ends[i] = std::get<double>(*value);
  }
  if (ends[0] <= ends[1]) return KeyValue(std::move(ends));
  const bool secret = node.items[0]->secret || node.items[1]->secret;
  Error(node.mark,
        path + " must go from the smallest to the largest value" +
            (secret ? "; swap the two"
                    : "; write [" + node.items[1]->text + ", " + node.items[0]->text + "]"));
  return std::nullopt;
}

}  // namespace avocet
