// Random damage to records, judged by slow and plain code of its own.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <set>

#include "src/decode/decode_testing.h"
#include "src/decode/json_diagnosis.h"

namespace avocet {
namespace {

namespace dom = simdjson::dom;

const std::vector<std::string>& Metrics() {
  static const auto* metrics = new std::vector<std::string>{"temperature", "humidity", "t_x"};
  return *metrics;
}

SchemaConfig RandomSchema() {
  SchemaConfig schema = SchemaOf(Metrics());
  schema.metrics[2].field = "data.x";
  return schema;
}

// The value of a key, or of a two-part path; empty when absent or null.
std::optional<dom::element> Lookup(const dom::object& record, const std::string& path) {
  const size_t dot = path.find('.');
  dom::element found;
  if (dot != std::string::npos) {
    dom::object inner;
    if (record[path.substr(0, dot)].get(inner) == simdjson::SUCCESS &&
        inner[path.substr(dot + 1)].get(found) == simdjson::SUCCESS) {
      return found;
    }
  }
  if (record[path].get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

double ReferenceMetric(const std::optional<dom::element>& value) {
  if (!value || value->is_null()) return kNullValue;
  bool flag = false;
  double number = 0;
  std::string_view text;
  if (value->get(flag) == simdjson::SUCCESS) return flag ? 1 : 0;
  if (value->get(number) == simdjson::SUCCESS) return number;
  EXPECT_EQ(value->get(text), simdjson::SUCCESS);
  const std::string copy(text);
  char* end = nullptr;
  number = std::strtod(copy.c_str(), &end);
  return end == copy.c_str() ? kNullValue : number;
}

// Times of the records below: seconds with up to six fractional digits, UTC, or epoch seconds.
int64_t ReferenceTime(const dom::element& value) {
  int64_t epoch = 0;
  if (value.get(epoch) == simdjson::SUCCESS && epoch < 100'000'000'000) return epoch * 1'000'000;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return -1;
  const std::string copy(text);
  std::tm tm{};
  double seconds = 0;
  char zone = 0;
  const int read = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%c", &tm.tm_year, &tm.tm_mon,
                               &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &seconds, &zone);
  if (read != 7 || zone != 'Z' || copy.size() > 27) return -1;
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  return timegm(&tm) * 1'000'000 + std::llround(seconds * 1e6);
}

bool HasDuplicateKeys(const dom::object& record) {
  std::set<std::string_view> keys;
  for (const auto& field : record) {
    if (!keys.insert(field.key).second) return true;
  }
  return false;
}

bool IsStructural(std::string_view code) {
  for (const char* name : {"invalid_json", "invalid_utf8", "truncated", "nul_byte", "too_deep",
                           "trailing_content", "not_an_object"}) {
    if (code == name) return true;
  }
  return false;
}

class Damage {
 public:
  explicit Damage(uint64_t seed) : random_(seed) {}

  std::string Apply(std::string record) {
    const size_t times = random_() % 3;
    for (size_t i = 0; i < times && !record.empty(); ++i) Once(&record);
    return record;
  }

 private:
  void Once(std::string* record) {
    static constexpr std::string_view kBytes = "{}[]:,\"\\/ 0123456789-+.eEtfnu\n\t\0\xC3\xA9\xFFx";
    const size_t at = random_() % record->size();
    const char byte = kBytes[random_() % kBytes.size()];
    switch (random_() % 6) {
      case 0:
        (*record)[at] = byte;
        break;
      case 1:
        record->insert(at, 1, byte);
        break;
      case 2:
        record->erase(at, 1 + random_() % 4);
        break;
      case 3:
        record->resize(at);
        break;
      case 4:
        record->insert(at, record->substr(random_() % record->size(), random_() % 12));
        break;
      default:
        (*record)[at] = static_cast<char>((*record)[at] ^ (1 << (random_() % 8)));
    }
  }

  std::mt19937_64 random_;
};

// Checks what became of one record against the DOM parser, which validates everything.
void CheckAgainstReference(const std::string& record, const ReadingBatch& batch,
                           std::optional<size_t> row, const RejectedRecord* rejected) {
  dom::parser parser;
  dom::element root;
  const auto error = parser.parse(record).get(root);
  // The DOM parser also refuses valid numbers that no double or 64-bit integer holds.
  const bool is_unsure = error == simdjson::NUMBER_ERROR;
  dom::object object;
  const bool is_object = error == simdjson::SUCCESS && root.get(object) == simdjson::SUCCESS;
  const bool is_structural = rejected != nullptr && IsStructural(rejected->code);
  EXPECT_EQ(is_structural, DiagnoseJson(record).has_value()) << record;
  if (is_unsure) return;
  EXPECT_EQ(is_structural, !is_object) << record;
  if (!is_object) return;
  EXPECT_EQ(rejected != nullptr && rejected->code == "duplicate_key" &&
                rejected->message.ends_with("occurs twice"),
            HasDuplicateKeys(object))
      << record;
  if (!row) return;
  // Damage may turn one field into the normalised key of another; that has tests of its own.
  const auto device = Lookup(object, "device_id");
  const auto time = Lookup(object, "timestamp");
  if (!device || !time) return;
  std::string_view text;
  if (device->get(text) == simdjson::SUCCESS) {
    EXPECT_EQ(batch.device[*row], text) << record;
  }
  const int64_t want_time = ReferenceTime(*time);
  if (want_time >= 0) {
    EXPECT_EQ(batch.event_time_us[*row], want_time) << record;
  }
  const char* fields[] = {"temperature", "humidity", "data.x"};
  for (size_t i = 0; i < 3; ++i) {
    const auto value = Lookup(object, fields[i]);
    if (!value) continue;
    const double want = ReferenceMetric(value);
    const double got = batch.metrics[i][*row];
    EXPECT_TRUE(want == got || (std::isnan(want) && std::isnan(got)))
        << record << ": " << fields[i] << " is " << got << ", not " << want;
  }
}

std::vector<std::string> RandomRecords(uint64_t seed, size_t count) {
  static const std::vector<std::string> kSeeds = {
      R"({"device_id":"dev-1","timestamp":"2021-06-15T18:28:26.000Z","temperature":37.94,"humidity":28})",
      R"({"humidity":"28.5","device_id":"d\u00e9\"","timestamp":1623781706,"data":{"x":-1e-3,"y":[1,{"z":null}]}})",
      R"( {"timestamp" : "2021-06-15T18:28:26Z" , "device_id" : 42 , "temperature" : true, "data.x":7} )",
      R"({"device_id":"d","timestamp":1623781706,"note":"a\\b\ud83d\ude00","list":[[],[{}],"x",false],"temperature":null})"};
  Damage damage(seed);
  std::vector<std::string> records;
  for (size_t i = 0; i < count; ++i) records.push_back(damage.Apply(kSeeds[i % kSeeds.size()]));
  return records;
}

TEST(DecoderRandom, DamagedRecordsAreJudgedAsByTheReference) {
  const std::vector<std::string> records = RandomRecords(1, 60'000);
  const ReadingBatch batch = DecodeRecords(RandomSchema(), records);
  const RawBatch raw = MakeRawBatch(records);
  size_t row = 0;
  size_t rejected = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const int64_t offset = raw.records[i].offset;
    const bool is_row = row < batch.rows && batch.offset[row] == offset;
    const bool is_rejected =
        rejected < batch.rejected.size() && batch.rejected[rejected].offset == offset;
    if (!is_row && !is_rejected) {
      EXPECT_EQ(records[i].find_first_not_of(" \t\r\n"), std::string::npos) << records[i];
      continue;
    }
    EXPECT_NE(is_row, is_rejected) << records[i];
    CheckAgainstReference(records[i], batch, is_row ? std::optional<size_t>(row) : std::nullopt,
                          is_rejected ? &batch.rejected[rejected] : nullptr);
    row += is_row ? 1 : 0;
    rejected += is_rejected ? 1 : 0;
    if (HasFailure()) break;
  }
  EXPECT_EQ(row, batch.rows);
  EXPECT_EQ(rejected, batch.rejected.size());
  // Both outcomes are common, or the test tests little.
  EXPECT_GT(batch.rows, records.size() / 4);
  EXPECT_GT(batch.rejected.size(), records.size() / 4);
}

TEST(DecoderRandom, AcceptedPayloadsDecodeToTheSameRows) {
  const ReadingBatch batch = DecodeRecords(RandomSchema(), RandomRecords(2, 20'000));
  const ReadingBatch again =
      DecodeRecords(RandomSchema(), {batch.payload.begin(), batch.payload.end()});
  ASSERT_EQ(again.rows, batch.rows);
  for (size_t row = 0; row < batch.rows; ++row) {
    ASSERT_EQ(RowText(again, row), RowText(batch, row)) << batch.payload[row];
    ASSERT_EQ(again.payload[row], batch.payload[row]);
  }
}

TEST(DecoderRandom, DamagedRowsOfCsvAreRowsOrRejectedOnce) {
  const std::vector<std::string> header = {"device_id", "timestamp", "temperature", "data.x"};
  Damage damage(3);
  std::vector<std::string> rows;
  for (size_t i = 0; i < 20'000; ++i) {
    rows.push_back(damage.Apply(i % 2 == 0 ? "dev-1,2021-06-15T18:28:26Z,37.94,-1e3"
                                           : "\"d \"\"x\"\"\",1623781706,\" 5 \",\"\""));
    if (rows.back().find_first_not_of("\r\n") == std::string::npos) rows.back() = "x";
  }
  const auto decoder = MakeDecoder(RandomSchema());
  const ReadingBatch batch = DecodeAll(decoder.get(), MakeCsvBatch(header, rows));
  EXPECT_EQ(batch.rows + batch.rejected.size(), rows.size());
  EXPECT_GT(batch.rows, rows.size() / 4);
  const ReadingBatch again =
      DecodeRecords(RandomSchema(), {batch.payload.begin(), batch.payload.end()});
  ASSERT_EQ(again.rows, batch.rows);
  for (size_t row = 0; row < batch.rows; ++row) {
    ASSERT_EQ(RowText(again, row), RowText(batch, row)) << batch.payload[row];
  }
}

}  // namespace
}  // namespace avocet
