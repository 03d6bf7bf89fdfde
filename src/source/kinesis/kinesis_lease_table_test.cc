#include "src/source/kinesis/kinesis_lease_table.h"

#include <gtest/gtest.h>

#include "src/net/aws_testing.h"

namespace avocet {
namespace {

class DynamoTableTest : public ::testing::Test {
 protected:
  void Refuse(const std::string& kind) {
    transport_->Answer(400, R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + kind + "\"}");
  }
  void AnswerTable(const std::string& state, const std::string& keys) {
    transport_->Answer(
        200, R"({"Table":{"TableStatus":")" + state + R"(","KeySchema":[)" + keys + "]}}");
  }

  std::shared_ptr<ScriptedTransport> transport_ = std::make_shared<ScriptedTransport>();
  std::unique_ptr<KinesisLeaseTable> table_ = MakeKinesisLeaseTable(transport_, "", "leases");
};

constexpr char kLeaseKey[] = R"({"AttributeName":"leaseKey","KeyType":"HASH"})";

TEST_F(DynamoTableTest, MakesTheTableWhenItIsMissing) {
  Refuse("ResourceNotFoundException");
  transport_->Answer(200, "{}");
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kUnavailable);
  ASSERT_EQ(transport_->requests.size(), 2u);
  EXPECT_EQ(transport_->requests[1].url, "https://dynamodb.eu-west-1.amazonaws.com/");
  EXPECT_EQ(transport_->requests[1].headers.at("x-amz-target"), "DynamoDB_20120810.CreateTable");
  EXPECT_EQ(transport_->bodies[1],
            R"({"TableName":"leases","AttributeDefinitions":[{"AttributeName":"leaseKey",)"
            R"("AttributeType":"S"}],"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}],)"
            R"("BillingMode":"PAY_PER_REQUEST"})");
  AnswerTable("CREATING", kLeaseKey);
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kUnavailable);
  AnswerTable("ACTIVE", kLeaseKey);
  EXPECT_TRUE(table_->Prepare().ok());
}

TEST_F(DynamoTableTest, SomebodyElseMayMakeItAtTheSameTime) {
  Refuse("ResourceNotFoundException");
  Refuse("ResourceInUseException");
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kUnavailable);
}

TEST_F(DynamoTableTest, MissingRightsAreSaid) {
  Refuse("AccessDeniedException");
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kPermission);
  Refuse("ResourceNotFoundException");
  Refuse("AccessDeniedException");
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kPermission);
}

TEST_F(DynamoTableTest, ATableForSomethingElseIsRefused) {
  AnswerTable("ACTIVE", R"({"AttributeName":"lease","KeyType":"HASH"})");
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kConfig);
  AnswerTable("ACTIVE", std::string(kLeaseKey) + R"(,{"AttributeName":"n","KeyType":"RANGE"})");
  EXPECT_EQ(table_->Prepare().code(), StatusCode::kConfig);
}

TEST_F(DynamoTableTest, ListsAllPagesAsTheyAreNow) {
  transport_->Answer(200, R"({"Items":[{"leaseKey":{"S":"a"},"leaseCounter":{"N":"1"}}],)"
                          R"("LastEvaluatedKey":{"leaseKey":{"S":"a"}}})");
  transport_->Answer(200, R"({"Items":[{"leaseKey":{"S":"b"},"leaseCounter":{"N":"2"}}]})");
  const auto leases = table_->List();
  ASSERT_TRUE(leases.ok());
  ASSERT_EQ(leases->size(), 2u);
  EXPECT_EQ(leases->at(1).counter, 2);
  EXPECT_EQ(transport_->bodies[0], R"({"TableName":"leases","ConsistentRead":true})");
  EXPECT_EQ(transport_->bodies[1], R"({"TableName":"leases","ConsistentRead":true,)"
                                   R"("ExclusiveStartKey":{"leaseKey":{"S":"a"}}})");
}

TEST_F(DynamoTableTest, ChangesOnlyWhatWasSeen) {
  KinesisLease lease;
  lease.shard = "a";
  lease.counter = 8;
  transport_->Answer(200, "{}");
  EXPECT_TRUE(table_->Change(lease, 7).ok());
  const std::string& body = transport_->bodies[0];
  EXPECT_NE(body.find(R"("ConditionExpression":"leaseCounter = :seen")"), std::string::npos)
      << body;
  EXPECT_NE(body.find(R"(":seen":{"N":"7"})"), std::string::npos) << body;
  EXPECT_NE(body.find(R"( REMOVE leaseOwner, avocetClaim")"), std::string::npos) << body;
  Refuse("ConditionalCheckFailedException");
  EXPECT_EQ(table_->Change(lease, 7).code(), StatusCode::kConflict);
  Refuse("ProvisionedThroughputExceededException");
  EXPECT_EQ(table_->Change(lease, 7).code(), StatusCode::kUnavailable);
  Refuse("ConditionalCheckFailedException");
  EXPECT_EQ(table_->Create(lease).code(), StatusCode::kConflict);
  EXPECT_NE(transport_->bodies.back().find("attribute_not_exists(leaseKey)"), std::string::npos);
  Refuse("ConditionalCheckFailedException");
  EXPECT_EQ(table_->Remove("a", 7).code(), StatusCode::kConflict);
}

}  // namespace
}  // namespace avocet
