#include "src/decode/reject_codes.h"

#include <gtest/gtest.h>

#include <set>

namespace avocet {
namespace {

TEST(RejectCodes, AreDistinctAndExplained) {
  std::set<std::string_view> seen;
  for (const RejectCode& entry : RejectCodes()) {
    EXPECT_EQ(CodeOf(entry.reason), entry.code);
    EXPECT_TRUE(seen.insert(entry.code).second) << entry.code;
    EXPECT_EQ(entry.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string_view::npos);
    EXPECT_TRUE(entry.meaning.ends_with('.')) << entry.code;
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(RejectReason::kDamagedCompression) + 1);
}

}  // namespace
}  // namespace avocet
