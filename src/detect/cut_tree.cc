#include "src/detect/cut_tree.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/base/check.h"

namespace avocet {

uint64_t CutDraws::Next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

void CutTree::Clear() {
  const auto inner = static_cast<uint16_t>(capacity_ - 1);
  const auto all = static_cast<uint16_t>(Nodes(capacity_));
  for (uint16_t node = 0; node < all; ++node) {
    nodes_[node] = {};
    if (node + 1 != inner && node + 1 != all) nodes_[node].left = static_cast<uint16_t>(node + 1);
  }
  *head_ = {.root = kNone, .free_inner = 0, .free_leaf = inner};
}

uint16_t CutTree::Take(uint16_t* list, Node* nodes) {
  const uint16_t node = *list;
  AVOCET_CHECK(node != kNone);
  *list = nodes[node].left;
  nodes[node] = {};
  return node;
}

bool CutTree::Equals(uint16_t leaf, std::span<const float> point) const {
  return std::equal(point.begin(), point.end(), PointOf(leaf));
}

// Draws a cut of the box of `node` and the point together. False: it does not part them.
bool CutTree::DrawCut(uint16_t node, std::span<const float> point, CutDraws* draws,
                      Node* inner) const {
  double total = 0;
  for (size_t dim = 0; dim < dims_; ++dim) {
    total += static_cast<double>(std::max(High(node, dim), point[dim])) -
             static_cast<double>(std::min(Low(node, dim), point[dim]));
  }
  double place = draws->Uniform() * total;
  for (size_t dim = 0; dim < dims_; ++dim) {
    const float low = Low(node, dim), high = High(node, dim), x = point[dim];
    const auto begin = static_cast<double>(std::min(low, x));
    const double extent = static_cast<double>(std::max(high, x)) - begin;
    if (place >= extent && dim + 1 < dims_) {
      place -= extent;
      continue;
    }
    const auto cut = static_cast<float>(begin + place);
    inner->dim = static_cast<uint32_t>(dim);
    // Rounded to a float the cut may touch what it parts.
    if (x < low && cut <= low) {
      inner->cut = cut < low ? cut : x;
      return true;
    }
    if (x > high && cut >= high) {
      inner->cut = cut < x ? cut : high;
      return true;
    }
    return false;
  }
  return false;
}

// A new leaf for the point, and a new inner node where `node` was, with both below it.
void CutTree::PutAbove(uint16_t node, std::span<const float> point, const Node& inner) {
  const uint16_t leaf = Take(&head_->free_leaf, nodes_);
  const uint16_t above = Take(&head_->free_inner, nodes_);
  std::copy(point.begin(), point.end(), PointOf(leaf));
  const uint16_t parent = nodes_[node].parent;
  const bool is_left = point[inner.dim] <= inner.cut;
  nodes_[leaf].parent = above;
  nodes_[leaf].count = 1;
  nodes_[above] = inner;
  nodes_[above].parent = parent;
  nodes_[above].left = is_left ? leaf : node;
  nodes_[above].right = is_left ? node : leaf;
  nodes_[above].count = static_cast<uint16_t>(nodes_[node].count + 1);
  nodes_[node].parent = above;
  Replace(parent, node, above);
  FitBox(above);
}

void CutTree::Replace(uint16_t parent, uint16_t child, uint16_t by) {
  if (parent == kNone) {
    head_->root = by;
  } else if (nodes_[parent].left == child) {
    nodes_[parent].left = by;
  } else {
    nodes_[parent].right = by;
  }
}

void CutTree::FitBox(uint16_t node) {
  const uint16_t left = nodes_[node].left, right = nodes_[node].right;
  for (size_t dim = 0; dim < dims_; ++dim) {
    boxes_[2 * node * dims_ + dim] = std::min(Low(left, dim), Low(right, dim));
    boxes_[(2 * node + 1) * dims_ + dim] = std::max(High(left, dim), High(right, dim));
  }
}

bool CutTree::BoxFits(uint16_t node) const {
  const uint16_t left = nodes_[node].left, right = nodes_[node].right;
  for (size_t dim = 0; dim < dims_; ++dim) {
    if (Low(node, dim) != std::min(Low(left, dim), Low(right, dim))) return false;
    if (High(node, dim) != std::max(High(left, dim), High(right, dim))) return false;
  }
  return true;
}

void CutTree::Insert(std::span<const float> point, CutDraws* draws) {
  uint16_t node = head_->root;
  if (node == kNone) {
    node = Take(&head_->free_leaf, nodes_);
    std::copy(point.begin(), point.end(), PointOf(node));
    nodes_[node].count = 1;
    head_->root = node;
    return;
  }
  for (;;) {
    if (IsLeaf(node) && Equals(node, point)) {
      ++nodes_[node].count;
      break;
    }
    Node inner;
    // Between a point and another one every cut parts them, but for rounding.
    if (DrawCut(node, point, draws, &inner)) {
      PutAbove(node, point, inner);
      node = nodes_[node].parent;
      break;
    }
    if (!IsLeaf(node)) {
      node = point[nodes_[node].dim] <= nodes_[node].cut ? nodes_[node].left : nodes_[node].right;
    }
  }
  for (uint16_t above = nodes_[node].parent; above != kNone; above = nodes_[above].parent) {
    ++nodes_[above].count;
    FitBox(above);
  }
}

void CutTree::RemoveAny(CutDraws* draws) {
  uint16_t node = head_->root;
  uint64_t place = draws->Next() % nodes_[node].count;
  while (!IsLeaf(node)) {
    const uint16_t left = nodes_[node].left;
    const bool is_left = place < nodes_[left].count;
    if (!is_left) place -= nodes_[left].count;
    node = is_left ? left : nodes_[node].right;
  }
  uint16_t above = nodes_[node].parent;
  if (--nodes_[node].count == 0) {
    nodes_[node] = {.left = head_->free_leaf};
    head_->free_leaf = node;
    if (above == kNone) {
      head_->root = kNone;
      return;
    }
    const uint16_t other = nodes_[above].left == node ? nodes_[above].right : nodes_[above].left;
    const uint16_t parent = nodes_[above].parent;
    nodes_[other].parent = parent;
    Replace(parent, above, other);
    nodes_[above] = {.left = head_->free_inner};
    head_->free_inner = above;
    above = parent;
  }
  for (; above != kNone; above = nodes_[above].parent) {
    --nodes_[above].count;
    FitBox(above);
  }
}

double CutTree::Displacement(std::span<const float> point, std::span<double> parts) const {
  double sum = 0, weight = 1;  // probability that the point comes so far down
  double most = 0;             // displacement by what is above, if it does
  for (uint16_t node = head_->root; node != kNone;) {
    double outside = 0, total = 0;
    for (size_t dim = 0; dim < dims_; ++dim) {
      const auto low = static_cast<double>(Low(node, dim));
      const auto high = static_cast<double>(High(node, dim));
      const auto x = static_cast<double>(point[dim]);
      outside += std::max({low - x, x - high, 0.0});
      total += std::max(high, x) - std::min(low, x);
    }
    const double displaced = std::max(most, static_cast<double>(nodes_[node].count));
    if (outside > 0) {
      const double share = weight * displaced * outside / total;
      sum += share;
      for (size_t dim = 0; dim < dims_; ++dim) {
        const auto low = static_cast<double>(Low(node, dim));
        const auto high = static_cast<double>(High(node, dim));
        const auto x = static_cast<double>(point[dim]);
        parts[dim] += share * std::max({low - x, x - high, 0.0}) / outside;
      }
      weight *= 1 - outside / total;
    }
    if (IsLeaf(node)) return sum + weight * most;  // equal to it, with what is left of the weight
    const bool is_left = point[nodes_[node].dim] <= nodes_[node].cut;
    const uint16_t child = is_left ? nodes_[node].left : nodes_[node].right;
    const uint16_t other = is_left ? nodes_[node].right : nodes_[node].left;
    most = std::max(most, static_cast<double>(nodes_[other].count) /
                              (static_cast<double>(nodes_[child].count) + 1));
    node = child;
  }
  return sum;
}

bool CutTree::IsPlausible() const {
  const size_t all = Nodes(capacity_);
  std::vector<bool> seen(all);
  const auto see = [&](uint16_t node) {
    if (node >= all || seen[node]) return false;
    seen[node] = true;
    return true;
  };
  std::vector<uint16_t> open;
  if (head_->root != kNone) {
    if (!see(head_->root) || nodes_[head_->root].parent != kNone) return false;
    if (nodes_[head_->root].count > capacity_) return false;
    open.push_back(head_->root);
  }
  while (!open.empty()) {
    const uint16_t at = open.back();
    const Node& node = nodes_[at];
    open.pop_back();
    if (node.count == 0) return false;
    if (IsLeaf(at)) continue;
    if (node.dim >= dims_ || !std::isfinite(node.cut)) return false;
    uint32_t below = 0;
    for (const uint16_t child : {node.left, node.right}) {
      if (!see(child) || nodes_[child].parent != at) return false;
      below += nodes_[child].count;
      open.push_back(child);
    }
    if (below != node.count || !BoxFits(at)) return false;
  }
  for (uint16_t node = head_->free_inner; node != kNone; node = nodes_[node].left) {
    if (!see(node) || IsLeaf(node)) return false;
  }
  for (uint16_t node = head_->free_leaf; node != kNone; node = nodes_[node].left) {
    if (!see(node) || !IsLeaf(node)) return false;
  }
  const auto fits = [](float x) { return std::abs(x) <= 1e9F; };
  return std::find(seen.begin(), seen.end(), false) == seen.end() &&
         std::all_of(points_, points_ + capacity_ * dims_, fits) &&
         std::all_of(boxes_, boxes_ + 2 * (capacity_ - 1) * dims_, fits);
}

}  // namespace avocet
