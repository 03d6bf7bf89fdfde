// YamlNode: a parsed YAML document with the place of every key and value.
//
// Stricter than yaml-cpp, which reads the syntax: duplicate keys, unknown tags, unclosed quotes and
// a second document are errors, and plain values are left for YAML 1.2 rules (yaml_scalar.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/load.h"
#include "src/config/source_text.h"

namespace avocet {

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  std::string key;
  Mark mark;
  YamlNodePtr value;
};

/// An alias is the same node as its anchor, so a node can have several parents. Never a cycle.
struct YamlNode {
  enum class Kind : uint8_t {
    kNull,
    kScalar,
    kList,
    kMap,
    kBroken,  ///< a scalar with an error that is already reported: say nothing more about it
  };
  Kind kind = Kind::kNull;
  Mark mark;             ///< for a missing value: the key or dash it is missing after
  bool plain = true;     ///< unquoted, so that its type follows from its text
  bool missing = false;  ///< a null that is not written, as in `key:`
  bool secret = false;   ///< contains an environment variable; only `written` may be shown
  std::string text;      ///< of a scalar, after substitution
  std::string written;   ///< of a scalar, before substitution
  std::vector<YamlNodePtr> items;
  std::vector<YamlEntry> entries;
  int64_t size = 1;  ///< nodes in this tree, aliases expanded
  int height = 1;    ///< levels in this tree

  const YamlNode* Find(std::string_view key) const;
};

struct YamlDocument {
  YamlNodePtr root;                 ///< null when the file is empty or its syntax is wrong
  std::vector<ConfigError> errors;  ///< in file order
  bool syntax_ok = true;
};

inline constexpr int64_t kMaxYamlNodes = 100'000;
inline constexpr int kMaxYamlDepth = 50;
inline constexpr size_t kMaxYamlBytes = size_t{1} << 20;

/// Parses one document and replaces environment variables in its values (never in keys).
YamlDocument ParseYaml(const SourceText& source, const Lookup& environment);

}  // namespace avocet
