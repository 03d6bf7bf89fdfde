#include "src/detect/cut_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

// A tree with its memory.
class OwnedTree {
 public:
  OwnedTree(size_t capacity, size_t dims)
      : nodes_(CutTree::Nodes(capacity)),
        points_(capacity * dims),
        boxes_(2 * (capacity - 1) * dims),
        tree_(capacity, dims, &head_, nodes_.data(), points_.data(), boxes_.data()) {
    tree_.Clear();
  }
  CutTree* operator->() { return &tree_; }

 private:
  CutTree::Head head_;
  std::vector<CutTree::Node> nodes_;
  std::vector<float> points_, boxes_;
  CutTree tree_;
};

// rrcf inserts the point in thousands of trees and averages; here the average over the cuts is
// exact, and only the trees are drawn.
TEST(CutTreeTest, DisplacementIsThatOfRrcf) {
  constexpr size_t kTrees = 1000;
  std::vector<std::vector<float>> points, probes;
  std::vector<double> wanted;
  for (const std::vector<double>& row : testing::ReadReference("random_cut_forest")) {
    const std::vector<float> point = {static_cast<float>(row[0]), static_cast<float>(row[1])};
    (std::isnan(row[2]) ? points : probes).push_back(point);
    if (!std::isnan(row[2])) wanted.push_back(row[2]);
  }
  ASSERT_EQ(points.size(), 64U);
  ASSERT_EQ(probes.size(), 7U);
  std::vector<double> sums(probes.size());
  for (size_t seed = 0; seed < kTrees; ++seed) {
    CutDraws draws(seed);
    OwnedTree tree(points.size(), 2);
    for (const auto& point : points) tree->Insert(point, &draws);
    std::vector<double> parts(2);
    for (size_t i = 0; i < probes.size(); ++i) {
      sums[i] += tree->Displacement(probes[i], parts) / kTrees;
    }
  }
  for (size_t i = 0; i < probes.size(); ++i) {
    EXPECT_NEAR(sums[i], wanted[i], 0.06 * wanted[i]) << "probe " << i;
  }
}

TEST(CutTreeTest, PartsSumUpToTheDisplacementAndNameTheDimension) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> noise;
  OwnedTree tree(100, 3);
  CutDraws draws(5);
  for (int i = 0; i < 100; ++i) {
    const float point[] = {noise(random), noise(random), noise(random)};
    tree->Insert(point, &draws);
  }
  const float outlier[] = {0, 30, 0};
  std::vector<double> parts(3);
  const double displacement = tree->Displacement(outlier, parts);
  EXPECT_GT(displacement, 50);
  EXPECT_NEAR(parts[0] + parts[1] + parts[2], displacement, 1e-9 * displacement);
  EXPECT_GT(parts[1], 0.8 * displacement);
}

TEST(CutTreeTest, StaysATreeWhileItChanges) {
  std::mt19937_64 random(2);
  OwnedTree tree(32, 2);
  CutDraws draws(9);
  for (int step = 0; step < 5000; ++step) {
    if (tree->size() == 32 || (tree->size() > 0 && random() % 3 == 0)) {
      tree->RemoveAny(&draws);
    } else {
      // Few places, so that many points are equal.
      const float point[] = {static_cast<float>(random() % 4), static_cast<float>(random() % 3)};
      tree->Insert(point, &draws);
    }
    ASSERT_TRUE(tree->IsPlausible()) << step;
    std::vector<double> parts(2);
    const float probe[] = {1.5F, 7};
    const double displacement = tree->Displacement(probe, parts);
    ASSERT_GE(displacement, 0);
    ASSERT_LE(displacement, 32);
  }
}

}  // namespace
}  // namespace avocet
