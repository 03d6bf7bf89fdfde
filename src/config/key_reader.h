// KeyReader: checks YAML nodes against keys, stores their values and collects every mistake.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/config/key_spec.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// Reports each mistake once, at its place. A caller that gets nothing back must not report more.
class KeyReader {
 public:
  void Error(Mark mark, std::string message);

  /// Stores the values of the map `node` into `object`. `path` names the map in messages, and is
  /// empty at the top. Sources, detectors and metrics are left to the caller, as are the keys in
  /// `also_known`.
  void ReadSection(const YamlNode& node, std::span<const KeySpec> keys, const std::string& path,
                   void* object, std::span<const std::string> also_known = {});

  /// The value of one key. `path` is its full name.
  std::optional<KeyValue> ReadValue(const YamlNode& node, const KeySpec& key,
                                    const std::string& path);

  /// True for a list or a map; reports any other node, but not a missing value.
  bool IsCollection(const YamlNode& node, const KeySpec& key, const std::string& path);

  /// Reports the keys of `node` that are in neither list.
  void CheckKnown(const YamlNode& node, std::span<const std::string> known,
                  const std::string& path);

  /// The full name of every key that has a value, and its line.
  std::map<std::string, int> TakeLines() { return std::move(lines_); }

  /// Everything so far, in file order, one per place.
  std::vector<ConfigError> TakeErrors();
  /// The files that values named so far.
  std::vector<NamedFile> TakeFiles() { return std::move(files_); }

 private:
  void ReadKey(const YamlNode& node, const KeySpec& key, const std::string& path, void* object);
  /// What the value of `key` means for the others of its section, and the files that it names.
  void LookAround(const YamlNode& section, const YamlNode& value, const KeySpec& key,
                  const std::string& path);
  void WrongType(const YamlNode& node, const KeySpec& key, const std::string& path,
                 const std::string& remedy = "");
  std::optional<KeyValue> InLimits(const YamlNode& node, const KeySpec& key,
                                   const std::string& path, double value, KeyValue result);
  std::optional<std::string> ReadText(const YamlNode& node, const KeySpec& key,
                                      const std::string& path);
  std::optional<KeyValue> ReadBool(const YamlNode& node, const KeySpec& key,
                                   const std::string& path);
  std::optional<KeyValue> ReadNumber(const YamlNode& node, const KeySpec& key,
                                     const std::string& path);
  std::optional<KeyValue> ReadMeasure(const YamlNode& node, const KeySpec& key,
                                      const std::string& path);
  std::optional<KeyValue> ReadTextList(const YamlNode& node, const KeySpec& key,
                                       const std::string& path);
  std::optional<KeyValue> ReadTextMap(const YamlNode& node, const KeySpec& key,
                                      const std::string& path);
  std::optional<KeyValue> ReadNumberList(const YamlNode& node, const KeySpec& key,
                                         const std::string& path);
  std::optional<KeyValue> ReadRange(const YamlNode& node, const KeySpec& key,
                                    const std::string& path);

  std::vector<ConfigError> errors_;
  std::map<std::string, int> lines_;
  std::vector<NamedFile> files_;
};

}  // namespace avocet
