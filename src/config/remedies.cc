#include "src/config/remedies.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <vector>

#include "src/base/edit_distance.h"
#include "src/config/config_keys.h"
#include "src/config/key_text.h"
#include "src/config/quoted.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

/// The full names of the sections below `keys` that have a key `name`.
void FindSections(std::span<const KeySpec> keys, const std::string& path, std::string_view name,
                  std::vector<std::string>* found) {
  for (const KeySpec& key : keys) {
    if (key.name == name && !path.empty()) found->push_back(path);
    FindSections(key.keys, JoinPath(path, key.name), name, found);
  }
}

}  // namespace

ScalarType TypeOf(const YamlNode& node) {
  return node.plain ? ResolvePlain(node.text) : ScalarType::kText;
}

bool IsNumber(const YamlNode& node) {
  return node.kind == Kind::kScalar &&
         (TypeOf(node) == ScalarType::kInteger || TypeOf(node) == ScalarType::kFloat);
}

std::string JoinPath(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string Suggest(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> closest = ClosestWord(word, candidates);
  // A long word cut short is far from the whole one.
  constexpr size_t kMinPrefix = 3;
  if (!closest && word.size() >= kMinPrefix) {
    const auto longer = std::find_if(
        candidates.begin(), candidates.end(),
        [&](const std::string& candidate) { return candidate.compare(0, word.size(), word) == 0; });
    if (longer != candidates.end()) closest = *longer;
  }
  return closest ? "; did you mean \"" + *closest + "\"?" : "";
}

std::string Shown(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return node.written.empty() ? "null" : Quoted(node.written);
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a map";
    default:
      break;
  }
  if (node.secret) return "the value of " + Quoted(node.written);
  return node.plain && TypeOf(node) != ScalarType::kText ? node.text : Quoted(node.text);
}

std::string UnknownKeyRemedy(const std::string& key, std::span<const std::string> known,
                             const std::string& path) {
  if (key == "<<") return "; YAML 1.2 has no merge keys, write the keys out";
  const size_t colon = key.find(':');
  if (colon != std::string::npos &&
      std::find(known.begin(), known.end(), key.substr(0, colon)) != known.end()) {
    return "; write a space after the \":\"";
  }
  const bool has_range = std::find(known.begin(), known.end(), "range") != known.end();
  if (has_range && (key == "min" || key == "max")) return "; write range: [smallest, largest]";
  std::vector<std::string> sections;
  FindSections(RootKeys(), "", key, &sections);
  if (sections.size() == 1 && sections[0] != path) return "; it belongs in " + sections[0];
  const bool top = std::any_of(RootKeys().begin(), RootKeys().end(),
                               [&](const KeySpec& root) { return root.name == key; });
  if (top && !path.empty()) return "; it belongs at the top level, check the indentation";
  const std::string suggestion = Suggest(key, known);
  return suggestion.empty() ? "; known keys are " + Join(known) : suggestion;
}

std::string NumberRemedy(const YamlNode& node, const KeySpec& key) {
  if (node.kind == Kind::kScalar && !node.secret && !IsNumber(node)) {
    std::string digits;
    for (const char c : node.text) {
      if (c != '_' && c != ',') digits.push_back(c);
    }
    if (ParseYamlNumber(digits)) {
      return node.plain || digits != node.text ? "write " + digits : "remove the quotes";
    }
  }
  return Limits(key).empty() ? "" : "it can be " + Limits(key);
}

std::string BoolRemedy(const YamlNode& node) {
  if (node.kind != Kind::kScalar || node.secret) return "";
  const auto means = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), node.text) != words.end();
  };
  const std::string quotes = node.plain ? "" : " without quotes";
  if (means({"yes", "Yes", "YES", "on", "On", "ON", "y", "Y", "1", "true"})) {
    return "write true" + quotes;
  }
  if (means({"no", "No", "NO", "off", "Off", "OFF", "n", "N", "0", "false"})) {
    return "write false" + quotes;
  }
  return "";
}

}  // namespace avocet
