#include "src/model/column_batch.h"

#include <gtest/gtest.h>

#include <cmath>

namespace avocet {
namespace {

bool IsNull(const ArrowArray& column, int64_t row) {
  if (column.buffers[0] == nullptr) return false;
  return ((static_cast<const uint8_t*>(column.buffers[0])[row / 8] >> (row % 8)) & 1) == 0;
}

TEST(ColumnBatchTest, ExportsValuesNullsAndNames) {
  auto batch = std::make_shared<ColumnBatch>();
  const size_t text = batch->AddColumn("text", ColumnType::kString);
  const size_t number = batch->AddColumn("number", ColumnType::kDouble);
  const size_t flag = batch->AddColumn("flag", ColumnType::kBool);
  for (int i = 0; i < 10; ++i) {
    if (i == 3) {
      batch->column(text).AppendNull();
    } else {
      batch->column(text).AppendBytes("v" + std::to_string(i));
    }
    batch->column(number).AppendDouble(i == 4 ? std::nan("") : i * 0.5);
    batch->column(flag).AppendInt(i % 2);
  }
  ArrowArray array;
  ArrowSchema schema;
  ColumnBatch::Export(batch, &array, &schema);
  ASSERT_EQ(array.length, 10);
  EXPECT_STREQ(schema.children[0]->name, "text");
  EXPECT_STREQ(schema.children[1]->format, "g");
  EXPECT_EQ(array.children[0]->null_count, 1);
  EXPECT_TRUE(IsNull(*array.children[0], 3));
  EXPECT_FALSE(IsNull(*array.children[0], 2));
  EXPECT_TRUE(IsNull(*array.children[1], 4));
  EXPECT_EQ(static_cast<const double*>(array.children[1]->buffers[1])[9], 4.5);
  EXPECT_EQ(static_cast<const uint8_t*>(array.children[2]->buffers[1])[0], 0xAA);
  array.release(&array);
  schema.release(&schema);
  EXPECT_EQ(batch.use_count(), 1);
}

TEST(ColumnBatchTest, AppendAllKeepsNullsOfEitherSide) {
  const auto nulls = [](const std::vector<int>& first, const std::vector<int>& second) {
    const auto fill = [](const std::vector<int>& valid) {
      ColumnBatch batch;
      batch.AddColumn("a", ColumnType::kString);
      for (const int v : valid) {
        if (v != 0) {
          batch.column(0).AppendBytes("x");
        } else {
          batch.column(0).AppendNull();
        }
      }
      return batch;
    };
    auto all = std::make_shared<ColumnBatch>(fill(first));
    all->AppendAll(fill(second));
    ArrowArray array;
    ArrowSchema schema;
    ColumnBatch::Export(all, &array, &schema);
    std::vector<int> valid;
    for (int64_t i = 0; i < array.length; ++i)
      valid.push_back(IsNull(*array.children[0], i) ? 0 : 1);
    array.release(&array);
    schema.release(&schema);
    return valid;
  };
  EXPECT_EQ(nulls({}, {0, 1}), (std::vector<int>{0, 1}));
  EXPECT_EQ(nulls({0, 1}, {1, 1}), (std::vector<int>{0, 1, 1, 1}));
  EXPECT_EQ(nulls({1, 1}, {1, 0}), (std::vector<int>{1, 1, 1, 0}));
  EXPECT_EQ(nulls({1}, {1}), (std::vector<int>{1, 1}));
}

TEST(ColumnBatchTest, AColumnAddedLaterIsNullInEarlierRows) {
  auto batch = std::make_shared<ColumnBatch>();
  batch->AddColumn("a", ColumnType::kInt64);
  batch->column(0).AppendInt(1);
  const size_t late = batch->AddColumn("b", ColumnType::kDouble);
  EXPECT_EQ(batch->column(late).rows(), 1U);
  EXPECT_TRUE(std::isnan(batch->column(late).doubles()[0]));
}

}  // namespace
}  // namespace avocet
