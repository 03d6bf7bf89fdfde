#include "src/source/s3/object_ledger.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using Strings = std::vector<std::string>;

constexpr int64_t kSettle = 100;

ObjectLedger MakeLedger(const Positions& committed = {}, int64_t start_us = 0) {
  ObjectLedger ledger({.key_prefix = "s3/b/", .settle_us = kSettle, .start_us = start_us});
  EXPECT_TRUE(ledger.Load(committed).ok());
  return ledger;
}

Strings Listed(ObjectLedger* ledger, const std::vector<S3Object>& objects) {
  Strings keys;
  ledger->BeginListing();
  for (const S3Object& object : ledger->NoteListed(objects)) keys.push_back(object.key);
  ledger->EndListing();
  return keys;
}

S3Object Object(const std::string& key, const std::string& etag = "e", int64_t modified_us = 1000) {
  return {key, etag, 10, modified_us};
}

void SetDone(ObjectLedger* ledger, const std::string& key) {
  ObjectPosition position = ledger->position(key);
  position.done = true;
  ledger->SetPosition(key, position);
}

Positions All(const ObjectLedger& ledger) {
  Positions positions;
  ledger.AllPositions(&positions);
  return positions;
}

TEST(ObjectLedger, EachObjectIsReadOnce) {
  ObjectLedger ledger = MakeLedger();
  EXPECT_EQ(Listed(&ledger, {Object("a"), Object("b")}), Strings({"a", "b"}));
  EXPECT_EQ(Listed(&ledger, {Object("a"), Object("b"), Object("c")}), Strings({"c"}));
  SetDone(&ledger, "a");
  EXPECT_EQ(Listed(&ledger, {Object("a"), Object("b"), Object("c")}), Strings({}));
}

TEST(ObjectLedger, ALesserKeyMayAppearLater) {
  ObjectLedger ledger = MakeLedger();
  Listed(&ledger, {Object("a"), Object("c")});
  SetDone(&ledger, "a");
  SetDone(&ledger, "c");
  ledger.RaiseFloor(1000 + kSettle);
  EXPECT_EQ(ledger.floor(), "");
  EXPECT_EQ(Listed(&ledger, {Object("a"), Object("b"), Object("c")}), Strings({"b"}));
  // When the objects have settled, nobody looks below them any more.
  ledger.RaiseFloor(1001 + kSettle);
  EXPECT_EQ(ledger.floor(), "a");
  SetDone(&ledger, "b");
  ledger.RaiseFloor(1001 + kSettle);
  EXPECT_EQ(ledger.floor(), "c");
  EXPECT_EQ(All(ledger).size(), 1u);
}

TEST(ObjectLedger, AReplacedObjectIsReadAgain) {
  ObjectLedger ledger = MakeLedger();
  Listed(&ledger, {Object("a", "1")});
  SetDone(&ledger, "a");
  EXPECT_EQ(Listed(&ledger, {Object("a", "2")}), Strings({"a"}));
  EXPECT_FALSE(ledger.position("a").done);
}

TEST(ObjectLedger, PositionsReadBack) {
  ObjectLedger ledger = MakeLedger();
  Listed(&ledger, {Object("a"), Object("b"), Object("c"), Object("d")});
  SetDone(&ledger, "a");
  ledger.RaiseFloor(2000);
  SetDone(&ledger, "c");
  ObjectPosition half = ledger.position("b");
  half.split.offset = 512;
  half.split.format = InputFormat::kJson;
  half.compressed = true;
  ledger.SetPosition("b", half);
  Positions changed;
  ledger.TakeChangedPositions(&changed);
  EXPECT_EQ(changed, All(ledger));
  EXPECT_EQ(changed.at("s3/b/"), "{\"prefix\":\"\",\"floor\":\"a\"}");
  EXPECT_EQ(changed.at("s3/b/b"),
            "{\"etag\":\"e\",\"offset\":512,\"compressed\":true,\"format\":\"json\"}");
  ObjectLedger again = MakeLedger(changed);
  EXPECT_EQ(again.floor(), "a");
  EXPECT_EQ(Listed(&again, {Object("b"), Object("c"), Object("d")}), Strings({"b", "d"}));
  EXPECT_EQ(again.position("b").split.offset, 512u);
  EXPECT_TRUE(again.position("b").compressed);
}

TEST(ObjectLedger, ObjectsThatAreGoneAreForgotten) {
  ObjectLedger ledger = MakeLedger();
  Listed(&ledger, {Object("a"), Object("b")});
  SetDone(&ledger, "a");
  SetDone(&ledger, "b");
  Listed(&ledger, {Object("b")});
  EXPECT_EQ(All(ledger).size(), 1u);
  Positions changed;
  ledger.TakeChangedPositions(&changed);
  EXPECT_EQ(changed.size(), 1u);
}

TEST(ObjectLedger, OlderThanTheStartIsLeftOut) {
  ObjectLedger ledger = MakeLedger({}, 1500);
  EXPECT_EQ(Listed(&ledger, {Object("a", "e", 1499), Object("b", "e", 1500)}), Strings({"b"}));
  EXPECT_EQ(Listed(&ledger, {Object("a", "e", 1499), Object("b", "e", 1500)}), Strings({}));
  ledger.RaiseFloor(5000);
  EXPECT_EQ(ledger.floor(), "a");
}

TEST(ObjectLedger, FoldersAreNoObjects) {
  ObjectLedger ledger = MakeLedger();
  EXPECT_EQ(Listed(&ledger, {{"dir/", "e", 0, 1}, {"empty", "e", 0, 1}}), Strings({"empty"}));
}

TEST(ObjectLedger, TheFloorOfAnotherPrefixIsNotOurs) {
  const Positions positions = {{"s3/b/", "{\"prefix\":\"x/\",\"floor\":\"x/z\"}"}};
  EXPECT_EQ(MakeLedger(positions).floor(), "");
  ObjectLedger ledger({.key_prefix = "s3/b/"});
  EXPECT_EQ(ledger.Load({{"s3/b/a", "garbage"}}).code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace avocet
