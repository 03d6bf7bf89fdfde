#include "src/config/names.h"

#include <algorithm>

#include "src/config/key_text.h"
#include "src/config/remedies.h"

namespace avocet {
namespace {

constexpr size_t kMaxNameBytes = 128;

bool IsNameChar(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

}  // namespace

std::string NameList::Read(const YamlNode& entry, size_t index, KeyReader* reader) {
  const YamlNode* node = entry.Find("name");
  if (node == nullptr) return "";
  KeySpec key;
  const std::string path = list_ + "[" + std::to_string(index) + "].name";
  const std::optional<KeyValue> value = reader->ReadValue(*node, key, path);
  if (!value) return "";
  const std::string& name = std::get<std::string>(*value);
  if (name.size() > kMaxNameBytes || !std::all_of(name.begin(), name.end(), IsNameChar)) {
    reader->Error(node->mark, path +
                                  " must be at most 128 letters, digits, \"_\", \"-\" and \".\", "
                                  "not " +
                                  Shown(*node));
    return "";
  }
  const auto [first, added] = taken_.emplace(name, index);
  if (added) return name;
  reader->Error(node->mark, path + " must be unique; " + list_ + "[" +
                                std::to_string(first->second) + "] has the name " + Shown(*node) +
                                " too");
  return "";
}

std::string NameList::MakeUp(const std::string& base) {
  std::string name = base;
  for (int i = 2; !taken_.emplace(name, 0).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

void CheckNames(const YamlNode& entry, const std::string& key, const std::string& what,
                const std::vector<std::string>& names, const std::vector<std::string>& known,
                const std::string& path, KeyReader* reader) {
  const YamlNode* node = entry.Find(key);
  if (node == nullptr) return;
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) != known.end()) continue;
    const YamlNode& item = node->kind == YamlNode::Kind::kList ? *node->items[i] : *node;
    const std::string suggestion = item.secret ? "" : Suggest(names[i], known);
    reader->Error(item.mark, "unknown " + what + " " + Shown(item) + " in " + path + "." + key +
                                 (!suggestion.empty() ? suggestion
                                  : known.empty()     ? "; there is none"
                                                      : "; known are " + Join(known)));
  }
}

}  // namespace avocet
