#include "src/config/read_sources.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/config/config_keys.h"
#include "src/config/key_text.h"
#include "src/config/names.h"
#include "src/config/quoted.h"
#include "src/config/remedies.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

std::vector<std::string> TypeNames() {
  std::vector<std::string> names;
  for (const SourceType& type : SourceTypes()) names.push_back(type.name);
  return names;
}

const SourceType* FindType(const std::string& name) {
  for (const SourceType& type : SourceTypes()) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

void UnknownType(Mark mark, const std::string& word, KeyReader* reader) {
  const std::string suggestion = Suggest(word, TypeNames());
  reader->Error(mark,
                "unknown source type " + Quoted(word) +
                    (suggestion.empty() ? "; known types are " + Join(TypeNames()) : suggestion));
}

/// The entry of the map `node` that names its type; null, and reported, unless there is just one.
const YamlEntry* FindTypeEntry(const YamlNode& node, const std::string& path, KeyReader* reader) {
  const YamlEntry* found = nullptr;
  bool ok = true;
  for (const YamlEntry& entry : node.entries) {
    if (entry.key == "name") continue;
    const SourceType* type = FindType(entry.key);
    if (type != nullptr && found != nullptr) {
      reader->Error(entry.mark, path + " has two types, \"" + found->key + "\" and \"" + entry.key +
                                    "\"; start a second entry with \"- \"");
      ok = false;
      continue;
    }
    if (type != nullptr) {
      found = &entry;
      continue;
    }
    ok = false;
    // A key of the type itself that stands beside it instead of below it.
    const auto has_key = [&](const SourceType& candidate) {
      return std::any_of(candidate.keys.begin(), candidate.keys.end(),
                         [&](const KeySpec& key) { return key.name == entry.key; });
    };
    const auto owner = std::find_if(SourceTypes().begin(), SourceTypes().end(), has_key);
    if (owner != SourceTypes().end()) {
      const std::string& owner_name = found != nullptr ? found->key : owner->name;
      reader->Error(entry.mark, "unknown key " + Quoted(entry.key) + " in " + path +
                                    "; it belongs below the type, as in " + owner_name + ": {" +
                                    entry.key + ": ...}");
    } else {
      UnknownType(entry.mark, entry.key, reader);
    }
  }
  if (found == nullptr && ok) {
    reader->Error(node.mark, path + " has no type; write one of " + Join(TypeNames()) +
                                 ", as in - file: {path: data/*.ndjson}");
  }
  return ok ? found : nullptr;
}

void ReadOptions(const YamlNode* options, const SourceType& type, Mark mark,
                 const std::string& path, KeyReader* reader, SourceConfig* source) {
  type.make(source);
  YamlNode none;
  none.mark = mark;
  if (options == nullptr || (options->kind == Kind::kNull && options->missing)) options = &none;
  if (options->kind != Kind::kMap && options->kind != Kind::kNull) {
    if (options->kind == Kind::kBroken) return;
    const std::string& key = type.keys.front().name;
    const std::string& example = type.keys.front().example;
    reader->Error(options->mark, path + " must be a map such as {" + key + ": " +
                                     (example.empty() ? "..." : example) + "}, not " +
                                     Shown(*options));
    return;
  }
  reader->ReadSection(*options, type.keys, path, type.options(source));
}

// A table of leases is for one stream, and for one source of each process. `tables` has the first
// user of each.
void CheckLeases(const YamlNode& options, const std::string& path, KeyReader* reader,
                 std::map<std::string, std::string>* tables) {
  const YamlNode* table = options.Find("lease_table");
  if (table == nullptr || table->kind != Kind::kScalar) return;
  const auto [first, added] = tables->emplace(table->text, path);
  if (!added) {
    reader->Error(table->mark, path + ".lease_table is that of " + first->second +
                                   " already; each stream needs a table of its own, and one source "
                                   "reads all that this process gets of it");
  }
}

}  // namespace

void ReadSources(const YamlNode& node, KeyReader* reader, Config* config) {
  NameList names("sources");
  std::map<std::string, size_t> first_of_type;
  std::map<std::string, std::string> lease_tables;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& entry = *node.items[i];
    const std::string path = "sources[" + std::to_string(i) + "]";
    const SourceType* type = nullptr;
    const YamlNode* options = nullptr;
    Mark mark = entry.mark;
    SourceConfig source;
    source.line = entry.mark.line;
    if (entry.kind == Kind::kBroken) continue;
    if (entry.kind == Kind::kNull) {
      reader->Error(entry.mark, path + " is empty; write a type, as in - stdin, or remove it");
      continue;
    }
    if (entry.kind == Kind::kScalar) {
      type = FindType(entry.text);
      if (type == nullptr) {
        UnknownType(entry.mark, entry.secret ? entry.written : entry.text, reader);
        continue;
      }
    } else if (entry.kind == Kind::kMap) {
      source.name = names.Read(entry, i, reader);
      const YamlEntry* type_entry = FindTypeEntry(entry, path, reader);
      if (type_entry == nullptr) continue;
      type = FindType(type_entry->key);
      options = type_entry->value.get();
      mark = type_entry->mark;
    } else {
      reader->Error(entry.mark,
                    path +
                        " must be a type with its keys, as in - file: {path: data/*.ndjson}, not " +
                        Shown(entry));
      continue;
    }
    const auto [first, added] = first_of_type.emplace(type->name, i);
    if (!added && type->only_once) {
      reader->Error(mark, path + " reads " + type->name + " a second time; remove it or sources[" +
                              std::to_string(first->second) + "]");
    }
    ReadOptions(options, *type, mark, path + "." + type->name, reader, &source);
    if (type->name == "kinesis" && options != nullptr) {
      CheckLeases(*options, path + ".kinesis", reader, &lease_tables);
    }
    config->sources.push_back(std::move(source));
  }
  for (SourceConfig& source : config->sources) {
    if (source.name.empty()) source.name = names.MakeUp(TypeOf(source).name);
  }
}

}  // namespace avocet
