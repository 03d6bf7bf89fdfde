#include "src/source/simulate/replayer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "src/source/source_testing.h"

namespace avocet {
namespace {

class ReplayerTest : public ::testing::Test {
 protected:
  ReplayerTest() {
    options_.path = directory_ / "a";
    options_.row_to_json = [](const RawBatch& batch,
                              const RawRecord& row) -> std::optional<std::string> {
      const std::string text(batch.Bytes(row));
      if (text == "bad") return std::nullopt;
      return "{\"" + batch.csv_header->at(0) + "\":" + text.substr(0, text.find(',')) + "}";
    };
    options_.event_time = [](std::string_view json) -> std::optional<int64_t> {
      const size_t at = json.find("\"t\":");
      if (at == std::string_view::npos) return std::nullopt;
      return std::atoll(std::string(json.substr(at + 4)).c_str()) * 1'000'000;
    };
  }

  // "record@seconds" of each record.
  std::string Replay() {
    auto replayer = Replayer::Open(options_, Env::Posix());
    if (!replayer.ok()) return replayer.status().message();
    std::string said;
    ReplayRecord record;
    while (*(*replayer)->Next(&record)) {
      said += record.json + "@" + std::to_string(record.due.count() / 1'000'000'000) + " ";
    }
    skipped_ = (*replayer)->skipped_records();
    first_ = (*replayer)->first_event_time_us();
    return said;
  }

  TestDirectory directory_;
  ReplayOptions options_;
  uint64_t skipped_ = 0;
  std::optional<int64_t> first_;
};

TEST_F(ReplayerTest, RecordsAreDueAsTheirTimesSay) {
  directory_.Write("a", "{\"t\":100}\n{}\n{\"t\":160}\n{\"t\":130}\n{\"t\":220}\n");
  options_.speed = 60;
  EXPECT_EQ(Replay(), "{\"t\":100}@0 {}@0 {\"t\":160}@1 {\"t\":130}@1 {\"t\":220}@2 ");
  EXPECT_EQ(first_, 100'000'000);
  options_.speed = 0;
  EXPECT_EQ(Replay(), "{\"t\":100}@0 {}@0 {\"t\":160}@0 {\"t\":130}@0 {\"t\":220}@0 ");
}

TEST_F(ReplayerTest, CsvRowsBecomeJsonAndDamagedOnesAreCounted) {
  directory_.Write("a", "t,v\n1,2\nbad\n3,4\n" + std::string(300, 'x') + "\n");
  options_.format = "csv";
  options_.max_record_bytes = 100;
  EXPECT_EQ(Replay(), "{\"t\":1}@0 {\"t\":3}@2 ");
  EXPECT_EQ(skipped_, 2U);
}

TEST_F(ReplayerTest, MissingFileIsAnError) {
  EXPECT_EQ(Replay(), "cannot open " + (directory_ / "a") + ": no such file or directory");
}

}  // namespace
}  // namespace avocet
