// FieldTree: which keys of a record lead to which fields of the schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace avocet {

/// How well a key fits a field. The lowest rank that occurs in a record wins.
enum class MatchRank : uint8_t {
  kPath,        ///< the path of the field, or the key itself when the path has one part
  kFlatKey,     ///< a top-level key that is the path with its dots
  kNormalized,  ///< a top-level key whose normalised form is the field
};

struct FieldMatch {
  uint32_t field = 0;  ///< index given to AddField
  MatchRank rank = MatchRank::kPath;
};

/// Fields by path. Built once, then read by any thread.
class FieldTree {
 public:
  static constexpr size_t kNoNode = 0;

  /// What the values behind one key are good for.
  struct Node {
    std::vector<FieldMatch> matches;
    /// Keys, or indexes of arrays in decimal, below this one.
    std::vector<std::pair<std::string, size_t>> children;

    size_t Child(std::string_view key) const;
  };

  /// `path` is keys and array indexes with dots between them. Keys whose normalised form equals
  /// `path` lead to the field as well.
  void AddField(uint32_t field, std::string_view path);

  /// The node of a top-level key, kNoNode if it means nothing.
  size_t FindTopLevel(std::string_view key) const;
  const Node& node(size_t index) const { return nodes_[index]; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using NodeByKey = std::unordered_map<std::string, size_t, Hash, std::equal_to<>>;

  size_t TopLevelNode(std::string_view key, NodeByKey* nodes);
  size_t ChildNode(size_t parent, std::string_view key);

  std::vector<Node> nodes_ = std::vector<Node>(1);  // the first stands for kNoNode
  NodeByKey exact_;
  NodeByKey normalized_;
};

}  // namespace avocet
