#include "src/source/kinesis/kinesis_lineage.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using Ids = std::vector<std::string>;

TEST(KinesisLineage, ChildrenOfASplitWaitForTheirParent) {
  KinesisLineage lineage;
  lineage.Update({{"0", {}}, {"1", {"0"}}, {"2", {"0"}}});
  EXPECT_EQ(lineage.TakeReady(), Ids({"0"}));
  EXPECT_EQ(lineage.TakeReady(), Ids({}));
  lineage.SetDone("0");
  EXPECT_EQ(lineage.TakeReady(), Ids({"1", "2"}));
  EXPECT_FALSE(lineage.AllDone());
}

TEST(KinesisLineage, ChildOfAMergeWaitsForBothParents) {
  KinesisLineage lineage;
  lineage.Update({{"0", {}}, {"1", {}}, {"2", {"0", "1"}}});
  EXPECT_EQ(lineage.TakeReady(), Ids({"0", "1"}));
  lineage.SetDone("1");
  EXPECT_EQ(lineage.TakeReady(), Ids({}));
  lineage.SetDone("0");
  EXPECT_EQ(lineage.TakeReady(), Ids({"2"}));
  lineage.SetDone("2");
  EXPECT_TRUE(lineage.AllDone());
}

TEST(KinesisLineage, NobodyWaitsForAShardThatHasExpired) {
  KinesisLineage lineage;
  lineage.Update({{"5", {"1"}}, {"6", {"1", "5"}}});
  EXPECT_EQ(lineage.TakeReady(), Ids({"5"}));
  lineage.Update({{"6", {"1", "5"}}});
  EXPECT_EQ(lineage.TakeReady(), Ids({"6"}));
}

TEST(KinesisLineage, GenerationsComeOneAfterTheOther) {
  KinesisLineage lineage;
  lineage.SetDone("0");  // committed by an earlier run
  lineage.Update({{"0", {}}, {"1", {"0"}}, {"2", {"1"}}, {"3", {"2"}}});
  EXPECT_EQ(lineage.TakeReady(), Ids({"1"}));
  lineage.SetDone("1");
  EXPECT_EQ(lineage.TakeReady(), Ids({"2"}));
}

}  // namespace
}  // namespace avocet
