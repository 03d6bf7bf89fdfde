#include "src/alert/sqlite_db.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "src/env/env.h"

namespace avocet {
namespace {

// Threads and processes open the same file when a program starts; none may find it busy.
TEST(SqliteDbTest, ManyOpenTheSameFileAtOnce) {
  for (int round = 0; round < 50; ++round) {
    const std::string path = ::testing::TempDir() + "avocet_sqlite_" +
                             std::to_string(Env::Posix()->ProcessId()) + "_" +
                             std::to_string(Env::Posix()->Random64()) + ".db";
    std::vector<Status> statuses(4);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < statuses.size(); ++i) {
      threads.emplace_back([&, i] {
        const std::string schema = "CREATE TABLE IF NOT EXISTS t" + std::to_string(i % 2) + " (x)";
        const auto db = SqliteDb::Open(path, schema.c_str());
        statuses[i] = db.status();
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Status& status : statuses) EXPECT_TRUE(status.ok()) << status.message();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const Status ignored = Env::Posix()->Remove(path + suffix);
      static_cast<void>(ignored);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace avocet
