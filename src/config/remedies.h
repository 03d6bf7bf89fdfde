// How messages show a wrong value, and what they advise.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "src/config/key_spec.h"
#include "src/config/yaml_scalar.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// The type of a scalar node by the rules of YAML.
ScalarType TypeOf(const YamlNode& node);

/// True for a scalar node that YAML reads as a number.
bool IsNumber(const YamlNode& node);

/// The node as it may stand in a message: `"text"`, `5`, `a list`; never a substituted value.
std::string Shown(const YamlNode& node);

/// `path.key`, or the key alone at the top.
std::string JoinPath(const std::string& path, std::string_view key);

/// `; did you mean "x"?` when `word` is close to one of `candidates`, else empty.
std::string Suggest(std::string_view word, std::span<const std::string> candidates);

/// What to do about `key`, which is not among the `known` ones of the map `path`.
std::string UnknownKeyRemedy(const std::string& key, std::span<const std::string> known,
                             const std::string& path);

/// How to write the number that `node` seems to mean, or which ones there are; may be empty.
std::string NumberRemedy(const YamlNode& node, const KeySpec& key);

/// How to write the boolean that `node` seems to mean; may be empty.
std::string BoolRemedy(const YamlNode& node);

}  // namespace avocet
