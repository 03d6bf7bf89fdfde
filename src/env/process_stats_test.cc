#include "src/env/process_stats.h"

#include <gtest/gtest.h>

#include <fstream>

#include "src/env/env.h"

namespace avocet {
namespace {

TEST(ProcessStatsTest, TellsOfThisProcess) {
  const ProcessStats before = ReadProcessStats();
  const double now = static_cast<double>(Env::Posix()->NowMicros()) * 1e-6;
  EXPECT_GT(before.start_seconds, now - 86'400 * 365);
  EXPECT_LT(before.start_seconds, now + 60);
  EXPECT_GT(before.cpu_seconds, 0);
  EXPECT_GT(before.resident_bytes, 1U << 16);
  EXPECT_GE(before.virtual_bytes, before.resident_bytes);
  EXPECT_GE(before.max_files, before.open_files);
  const std::ifstream one("/proc/self/status"), other("/proc/self/status");
  EXPECT_GE(ReadProcessStats().open_files, before.open_files + 2);
}

}  // namespace
}  // namespace avocet
