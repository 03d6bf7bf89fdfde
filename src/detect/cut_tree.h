// CutTree: one tree of a random cut forest, in memory that somebody else owns.
//
// A tree of at most `capacity` points in `dims` dimensions (Guha and others 2016). A node halves
// what is below it at a random place of a random dimension, drawn in proportion to the extents of
// its box; points that are equal share a leaf. Drawing is the caller's, so that the same readings
// make the same trees.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace avocet {

/// Numbers that are random enough for cuts, from a seed (Steele and others 2014, SplitMix).
class CutDraws {
 public:
  explicit CutDraws(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  /// 0 to 1, without 1.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

class CutTree {
 public:
  static constexpr uint16_t kNone = UINT16_MAX;
  static constexpr size_t kMostPoints = 2048;

  // All are raw bytes of a snapshot.
  struct Head {
    uint16_t root = kNone;
    uint16_t free_inner = kNone, free_leaf = kNone;  ///< lists through Node::left
    uint16_t unused = 0;
  };
  struct Node {
    uint16_t parent = kNone, left = kNone, right = kNone;
    uint16_t count = 0;  ///< points below, equal ones too
    float cut = 0;       ///< up to it: left
    uint32_t dim = 0;
  };

  static constexpr size_t Nodes(size_t capacity) { return 2 * capacity - 1; }

  /// Borrows `nodes` of Nodes(capacity), `points` of capacity * dims and `boxes` of 2 * (capacity -
  /// 1) * dims. REQUIRES: 2 <= capacity <= kMostPoints.
  CutTree(size_t capacity, size_t dims, Head* head, Node* nodes, float* points, float* boxes)
      : capacity_(capacity),
        dims_(dims),
        head_(head),
        nodes_(nodes),
        points_(points),
        boxes_(boxes) {}

  /// No points; all of the memory is free.
  void Clear();

  size_t size() const { return head_->root == kNone ? 0 : nodes_[head_->root].count; }

  /// REQUIRES: size() < capacity.
  void Insert(std::span<const float> point, CutDraws* draws);
  /// Removes one of the points, each as likely. REQUIRES: size() > 0.
  void RemoveAny(CutDraws* draws);

  /// The collusive displacement that `point` would have on average if it were inserted, over all
  /// cuts that could be drawn; what each dimension has to do with it is added to `parts`.
  double Displacement(std::span<const float> point, std::span<double> parts) const;

  /// False for bytes that are no tree, with which the above could do harm.
  bool IsPlausible() const;

 private:
  bool IsLeaf(uint16_t node) const { return node >= capacity_ - 1; }
  float* PointOf(uint16_t leaf) const { return points_ + (leaf - (capacity_ - 1)) * dims_; }
  float Low(uint16_t node, size_t dim) const {
    return IsLeaf(node) ? PointOf(node)[dim] : boxes_[2 * node * dims_ + dim];
  }
  float High(uint16_t node, size_t dim) const {
    return IsLeaf(node) ? PointOf(node)[dim] : boxes_[(2 * node + 1) * dims_ + dim];
  }
  static uint16_t Take(uint16_t* list, Node* nodes);
  bool DrawCut(uint16_t node, std::span<const float> point, CutDraws* draws, Node* inner) const;
  void PutAbove(uint16_t node, std::span<const float> point, const Node& inner);
  bool Equals(uint16_t leaf, std::span<const float> point) const;
  void FitBox(uint16_t node);
  bool BoxFits(uint16_t node) const;
  void Replace(uint16_t parent, uint16_t child, uint16_t by);

  size_t capacity_, dims_;
  Head* head_;
  Node* nodes_;  // inner ones, then leaves
  float* points_;
  float* boxes_;  // of inner nodes: lows, highs
};

}  // namespace avocet
