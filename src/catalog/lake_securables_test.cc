#include "src/catalog/lake_securables.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

std::string Metadata(const std::string& fields) {
  return R"({"schema": {"type": "struct", "fields": [)" + fields +
         R"(]}, "partition_columns": ["date"]})";
}

TEST(LakeSecurables, ColumnsAreSaidAsTheCatalogSaysThem) {
  const auto columns = CatalogColumns(Metadata(
      R"({"name": "count", "type": "long", "nullable": true, "metadata": {"comment": "readings"}},)"
      R"({"name": "date", "type": "date", "nullable": false, "metadata": {}})"));
  ASSERT_TRUE(columns.ok()) << columns.status().message();
  ASSERT_EQ(columns->size(), 2U);
  const CatalogColumn& count = columns->front();
  EXPECT_EQ(count.name, "count");
  EXPECT_EQ(count.type_name, "LONG");
  EXPECT_EQ(count.type_text, "bigint");
  EXPECT_EQ(count.comment, "readings");
  EXPECT_TRUE(count.nullable);
  EXPECT_EQ(count.partition_index, -1);
  EXPECT_EQ(count.type_json,
            R"({"name":"count","type":"long","nullable":true,"metadata":{"comment":"readings"}})");
  const CatalogColumn& date = columns->back();
  EXPECT_EQ(date.type_name, "DATE");
  EXPECT_FALSE(date.nullable);
  EXPECT_EQ(date.partition_index, 0);
}

TEST(LakeSecurables, TypesOfOthersAreRefusedByName) {
  const auto columns = CatalogColumns(Metadata(
      R"({"name": "tags", "type": {"type": "array", "elementType": "string"}, "nullable": true})"));
  ASSERT_FALSE(columns.ok());
  EXPECT_NE(columns.status().message().find("column tags"), std::string::npos);
  EXPECT_FALSE(CatalogColumns("{}").ok());
}

TEST(LakeSecurables, ANameHasUpToThreeParts) {
  Securable table;
  table.full_name = "iot.raw.readings";
  EXPECT_EQ(table.NamePart(0), "iot");
  EXPECT_EQ(table.NamePart(1), "raw");
  EXPECT_EQ(table.NamePart(2), "readings");
  table.full_name = "iot";
  EXPECT_EQ(table.NamePart(0), "iot");
  EXPECT_EQ(table.NamePart(1), "");
}

}  // namespace
}  // namespace avocet
