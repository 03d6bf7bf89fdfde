#include "src/decode/field_tree.h"

#include "src/model/metric_name.h"

namespace avocet {

namespace {

// Parts between dots. Empty when one of them is empty, or there is only one.
std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t dot = path.find('.', begin);
    parts.push_back(path.substr(begin, dot - begin));
    if (parts.back().empty()) return {};
    if (dot == std::string_view::npos) break;
    begin = dot + 1;
  }
  if (parts.size() == 1) parts.clear();
  return parts;
}

}  // namespace

size_t FieldTree::Node::Child(std::string_view key) const {
  for (const auto& [name, index] : children) {
    if (name == key) return index;
  }
  return kNoNode;
}

void FieldTree::AddField(uint32_t field, std::string_view path) {
  const std::vector<std::string_view> parts = SplitPath(path);
  if (!parts.empty()) {
    size_t index = TopLevelNode(parts.front(), &exact_);
    for (size_t i = 1; i < parts.size(); ++i) index = ChildNode(index, parts[i]);
    nodes_[index].matches.push_back({field, MatchRank::kPath});
  }
  const MatchRank rank = parts.empty() ? MatchRank::kPath : MatchRank::kFlatKey;
  nodes_[TopLevelNode(path, &exact_)].matches.push_back({field, rank});
  if (NormalizeMetricName(path) == path) {
    nodes_[TopLevelNode(path, &normalized_)].matches.push_back({field, MatchRank::kNormalized});
  }
}

size_t FieldTree::FindTopLevel(std::string_view key) const {
  const auto exact = exact_.find(key);
  if (exact != exact_.end()) return exact->second;
  const auto normalized = normalized_.find(NormalizeMetricName(key));
  return normalized == normalized_.end() ? kNoNode : normalized->second;
}

size_t FieldTree::TopLevelNode(std::string_view key, NodeByKey* nodes) {
  const auto [it, is_new] = nodes->emplace(std::string(key), nodes_.size());
  if (is_new) nodes_.emplace_back();
  return it->second;
}

size_t FieldTree::ChildNode(size_t parent, std::string_view key) {
  const size_t found = nodes_[parent].Child(key);
  if (found != kNoNode) return found;
  nodes_[parent].children.emplace_back(std::string(key), nodes_.size());
  nodes_.emplace_back();
  return nodes_.size() - 1;
}

}  // namespace avocet
