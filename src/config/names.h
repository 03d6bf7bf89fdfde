// Names of list entries: unique within their list, made up where none is given, and used elsewhere.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/config/key_reader.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// Collects the names of one list, "sources" or "detectors".
class NameList {
 public:
  explicit NameList(std::string list) : list_(std::move(list)) {}

  /// The name that the entry `index`, a map, gives itself; empty when it gives none or a wrong one,
  /// which is reported. A name has letters, digits, "_", "-" and "."; it is part of stored keys.
  std::string Read(const YamlNode& entry, size_t index, KeyReader* reader);

  /// A free name: `base`, else `base_2` and so on. REQUIRES: every given name is read.
  std::string MakeUp(const std::string& base);

 private:
  std::string list_;
  std::map<std::string, size_t> taken_;  // to the index of the entry
};

/// Reports the names below `key` of the map `entry`, read as `names`, that are not `known`; `what`
/// they are in the singular. `path` is that of the entry.
void CheckNames(const YamlNode& entry, const std::string& key, const std::string& what,
                const std::vector<std::string>& names, const std::vector<std::string>& known,
                const std::string& path, KeyReader* reader);

}  // namespace avocet
