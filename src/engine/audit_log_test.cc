#include "src/engine/audit_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avocet {
namespace {

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest()
      : path_(::testing::TempDir() + "avocet_audit_" + std::to_string(Env::Posix()->ProcessId()) +
              "_" + std::to_string(Env::Posix()->Random64()) + ".db") {}
  ~AuditLogTest() override {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const Status ignored = Env::Posix()->Remove(path_ + suffix);
      static_cast<void>(ignored);
    }
  }

  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(path_, Env::Posix());
    EXPECT_TRUE(log.ok()) << log.status().message();
    return std::move(log).value();
  }

  // A log with entries about devices d0, d1, ...
  void Fill(int entries) {
    const auto log = Open();
    for (int i = 0; i < entries; ++i) {
      const Status status = log->Add({.actor = "ann",
                                      .remote = "",
                                      .action = "mute added",
                                      .details = {{"device", "d" + std::to_string(i)}}});
      ASSERT_TRUE(status.ok()) << status.message();
    }
  }

  // What somebody does who knows SQL.
  void Tamper(const std::string& sql) {
    const auto db = SqliteDb::Open(path_);
    ASSERT_TRUE(db.ok());
    const std::string all =
        "DROP TRIGGER audit_entry_stays; DROP TRIGGER audit_entry_is_fixed; " + sql;
    const Status status = (*db)->Execute(all.c_str());
    ASSERT_TRUE(status.ok()) << status.message();
  }

  std::vector<std::string> Problems() {
    const auto report = Open()->Verify();
    EXPECT_TRUE(report.ok()) << report.status().message();
    return report->problems;
  }

  const std::string path_;
};

using Texts = std::vector<std::string>;

TEST_F(AuditLogTest, AWholeLogHasNoProblems) {
  EXPECT_EQ(Problems(), Texts());
  Fill(5);
  const auto report = Open()->Verify();
  EXPECT_EQ(report->problems, Texts());
  EXPECT_EQ(report->entries, 5);
  EXPECT_EQ(report->head.size(), 64U);
  EXPECT_EQ(Open()->Entries()->back().hash, report->head);
}

TEST_F(AuditLogTest, ProgramsCannotChangeOrRemoveEntries) {
  Fill(2);
  const auto db = SqliteDb::Open(path_);
  for (const char* sql :
       {"DELETE FROM audit_entry", "UPDATE audit_entry SET body = '{}'",
        "UPDATE audit_entry SET at = '', salt = '', body = '' WHERE number = 1"}) {
    EXPECT_FALSE((*db)->Execute(sql).ok()) << sql;
  }
  EXPECT_EQ(Problems(), Texts());
}

TEST_F(AuditLogTest, AFlippedByteIsFound) {
  Fill(3);
  std::string bytes = *Env::Posix()->ReadFile(path_);
  bytes[bytes.find("\"d1\"") + 1] ^= 1;
  ASSERT_TRUE(Env::Posix()->PutDurably(path_, bytes, PutMode::kReplace).ok());
  EXPECT_EQ(Problems(), Texts({"entry 2 does not say what was written"}));
}

TEST_F(AuditLogTest, ARemovedEntryIsFound) {
  Fill(4);
  Tamper("DELETE FROM audit_entry WHERE number = 2");
  EXPECT_EQ(Problems(),
            Texts({"entry 2 is missing", "entry 3 is not the one that followed entry 2"}));
}

TEST_F(AuditLogTest, RenumberedEntriesAreFound) {
  Fill(4);
  Tamper(
      "DELETE FROM audit_entry WHERE number = 2; "
      "UPDATE audit_entry SET number = number - 1 WHERE number > 2");
  EXPECT_EQ(Problems(), Texts({"entry 2 is not the one that followed entry 1",
                               "entry 3 is not the one that followed entry 2",
                               "the newest entries are missing: 3 is the last, there were 4"}));
}

TEST_F(AuditLogTest, ACutEndIsFound) {
  Fill(4);
  const std::string head = Open()->Verify()->head;
  Tamper("DELETE FROM audit_entry WHERE number > 2");
  EXPECT_EQ(Problems(), Texts({"the newest entries are missing: 2 is the last, there were 4"}));
  // Also by whoever has kept the head elsewhere, when the counter was set back.
  Tamper("UPDATE sqlite_sequence SET seq = 2");
  EXPECT_EQ(Problems(), Texts());
  EXPECT_EQ(Open()->Verify({{4, head}})->problems,
            Texts({"entry 4 is not the one with the hash " + head}));
}

TEST_F(AuditLogTest, ARedactedEntryKeepsTheChain) {
  Fill(4);
  const auto before = Open()->Entries();
  const auto log = Open();
  const auto redacted =
      log->Redact({.actor = "dpo", .remote = "", .action = "device forgotten", .details = {}},
                  [](std::string_view body) { return body.find("\"d1\"") != body.npos; });
  ASSERT_TRUE(redacted.ok()) << redacted.status().message();
  EXPECT_EQ(*redacted, 1);
  EXPECT_EQ(Env::Posix()->ReadFile(path_)->find("\"d1\""), std::string::npos);
  const auto entries = *log->Entries();
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[1].body, "");
  EXPECT_EQ(entries[1].hash, (*before)[1].hash);
  EXPECT_NE(entries[4].body.find("\"redacted\":\"2\""), std::string::npos);
  ASSERT_TRUE(log->Add({.actor = "ann", .remote = "", .action = "query", .details = {}}).ok());
  const auto report = log->Verify({{2, entries[1].hash}});
  EXPECT_EQ(report->problems, Texts());
  EXPECT_EQ(report->redacted, 1);
}

TEST_F(AuditLogTest, ARedactionThatNoEntryExplainsIsFound) {
  Fill(3);
  Tamper("UPDATE audit_entry SET salt = '', body = '' WHERE number = 2");
  EXPECT_EQ(Problems(), Texts({"entry 2 is redacted, and no later entry says so"}));
}

}  // namespace
}  // namespace avocet
