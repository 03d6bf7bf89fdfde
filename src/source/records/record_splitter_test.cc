#include "src/source/records/record_splitter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/csv_row.h"
#include "test/fuzz/split_property.h"

namespace avocet {
namespace {

using Lines = std::vector<std::string>;

SplitOptions Options(InputFormat format, size_t max_record_bytes = size_t{1} << 20) {
  SplitOptions options;
  options.format = format;
  options.max_record_bytes = max_record_bytes;
  return options;
}

// Splits `stream`, as a whole and in small pieces, into `want`: "offset:record" with "|name" for
// each CSV column, "offset!code..." for rejects.
void ExpectSplit(std::string_view stream, const SplitOptions& options, const Lines& want,
                 uint64_t want_empty = 0) {
  const SplitTranscript whole = SplitAtOnce(stream, options);
  EXPECT_EQ(whole.lines, want) << stream;
  EXPECT_EQ(whole.empty_records, want_empty) << stream;
  for (size_t piece = 1; piece < 8; ++piece) {
    EXPECT_EQ(SplitInPieces(stream, options, 0, [&] { return piece; }), whole) << stream << piece;
    EXPECT_EQ(SplitInPieces(stream, options, 1, [&] { return piece; }), whole) << stream << piece;
  }
}

TEST(RecordSplitter, LinesEndInNewlineOrAtTheEnd) {
  const SplitOptions any = Options(InputFormat::kUnknown);
  ExpectSplit("{\"a\":1}\n{\"a\":2}\n", any, {"0:{\"a\":1}", "8:{\"a\":2}"});
  ExpectSplit("{\"a\":1}\r\n{\"a\":2}", any, {"0:{\"a\":1}", "9:{\"a\":2}"});
  ExpectSplit("{}\n\n \t\r\n{}\r", any, {"0:{}", "8:{}"}, 2);
  ExpectSplit("\n\n{\"a\":1}\n", any, {"2:{\"a\":1}"}, 2);
  ExpectSplit("", any, {});
  ExpectSplit("\xEF\xBB\xBF{}\n", any, {"3:{}"});
  ExpectSplit("\xEF\xBB\xBF", any, {});
  ExpectSplit("\xEF\xBB", any, {"0:\xEF\xBB"});
}

TEST(RecordSplitter, LineWithoutEndWaitsForMoreBytes) {
  RecordSplitter splitter(Options(InputFormat::kLines), {});
  RawBatch batch;
  const auto progress = splitter.Split("{\"a\":1}\n{\"b\"", 0, false, {}, &batch);
  EXPECT_TRUE(progress.starved);
  EXPECT_EQ(progress.consumed, 8U);
  EXPECT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(splitter.position().offset, 8U);
}

TEST(RecordSplitter, ArrayElementsWithNastyStrings) {
  const SplitOptions any = Options(InputFormat::kUnknown);
  ExpectSplit("[]", any, {});
  ExpectSplit("[{\"a\":\"]},{[\\\"\"},\n{\"b\":[1,{\"c\":\"\\\\\"}]}]", any,
              {"1:{\"a\":\"]},{[\\\"\"}", "18:{\"b\":[1,{\"c\":\"\\\\\"}]}"});
  ExpectSplit(" [\n1 , \"x,y]\" ,null,[2]]\n", any, {"3:1", "7:\"x,y]\"", "15:null", "20:[2]"});
  ExpectSplit("[{\"a\":1}]\n[{\"a\":2}]", any, {"1:{\"a\":1}", "11:{\"a\":2}"});
  // What is no JSON becomes a record, which decoding will reject.
  ExpectSplit("[{\"a\":1},xyz,]}", any, {"1:{\"a\":1}", "9:xyz", "14:}"});
  ExpectSplit("[{\"a\":\"open},{}]", any, {"1:{\"a\":\"open},{}]"});
}

TEST(RecordSplitter, PrettyPrintedObjects) {
  ExpectSplit("{\n \"a\": \"}\"\n}\n{ \"b\": 1 }", Options(InputFormat::kUnknown),
              {"0:{\n \"a\": \"}\"\n}", "14:{ \"b\": 1 }"});
}

TEST(RecordSplitter, CsvRowsWithQuotedLineEnds) {
  const SplitOptions csv = Options(InputFormat::kCsv);
  ExpectSplit("t,v\n1,2\r\n3,4", csv, {"4:1,2|t|v", "9:3,4|t|v"});
  ExpectSplit("t,v\n\"1\n\",\"a\"\"\n,b\"\n3,4\n\n", csv,
              {"4:\"1\n\",\"a\"\"\n,b\"|t|v", "18:3,4|t|v"}, 1);
  // A quote inside a field is no quote.
  ExpectSplit("t,v\n5\" pipe,\"x\"y\n3,4\n", csv, {"4:5\" pipe,\"x\"y|t|v", "17:3,4|t|v"});
  ExpectSplit("\r\nt;\"a;\n\"\"b\"\n1;2\n", csv, {"13:1;2|t|a;\n\"b"});
  ExpectSplit("t,v", csv, {});
}

TEST(RecordSplitter, QuoteThatIsNeverClosedEndsAtTheLimit) {
  ExpectSplit(
      "a,b\n1,\"x\n2,3\n4,5\n6,7\n", Options(InputFormat::kCsv, 8),
      {"4!record_too_longthe record has 12 bytes, more than max_record_bytes 81,\"x\n2,3\n4,5",
       "17:6,7|a|b"});
}

TEST(RecordSplitter, FormatIsDetected) {
  const auto detect = [](std::string_view text, InputFormat hint = InputFormat::kUnknown) {
    const auto format = DetectFormat(text, hint, true);
    return std::string(format.has_value() ? InputFormatName(*format) : "none");
  };
  EXPECT_EQ(detect("{\"a\":1}"), "ndjson");
  EXPECT_EQ(detect("\n [1]"), "json");
  EXPECT_EQ(detect("{ \r\n"), "json");
  EXPECT_EQ(detect("time,value\n1,2\n"), "csv");
  EXPECT_EQ(detect("time\tvalue\n1\t2\n"), "csv");
  EXPECT_EQ(detect("broken, line\n{\"a\":1}\n"), "ndjson");
  EXPECT_EQ(detect("hello\nworld\n"), "ndjson");
  EXPECT_EQ(detect("time,value"), "ndjson");
  EXPECT_EQ(detect("value\n1\n", InputFormat::kCsv), "csv");
  EXPECT_EQ(detect("a,b\n1,2\n", InputFormat::kLines), "ndjson");
  EXPECT_EQ(detect(""), "ndjson");
  EXPECT_EQ(detect(std::string(kFormatProbeBytes, ' ') + "[", InputFormat::kCsv), "csv");
  EXPECT_EQ(DetectFormat("time,val", InputFormat::kUnknown, false), std::nullopt);
  EXPECT_EQ(DetectFormat("{ ", InputFormat::kUnknown, false), std::nullopt);
  EXPECT_EQ(FormatHint("a/B.CSV.gz"), InputFormat::kCsv);
  EXPECT_EQ(FormatHint("x.jsonl.zst"), InputFormat::kLines);
  EXPECT_EQ(FormatHint("x.log"), InputFormat::kUnknown);
  EXPECT_FALSE(ParseInputFormat("xml").ok());
}

TEST(RecordSplitter, CsvHeaderIsParsed) {
  EXPECT_EQ(DetectDelimiter("a;b;c,d"), ';');
  EXPECT_EQ(DetectDelimiter("\"a,b\"\tc"), '\t');
  EXPECT_EQ(DetectDelimiter("single"), ',');
  EXPECT_EQ(ParseCsvRow(" a , \"b\"\"c\",,", ','), (Lines{"a", "\"b\"\"c\"", "", ""}));
  EXPECT_EQ(ParseCsvRow("\"b\"\"c\",\"x,y\"", ','), (Lines{"b\"c", "x,y"}));
}

TEST(RecordSplitter, TooLongRecordIsRejectedAndTheRestGoesOn) {
  const std::string reject =
      "!record_too_longthe record has 17 bytes, more than max_record_bytes 16";
  const std::string too_long = "01234567890123456";
  ExpectSplit(too_long + "\r\n{}\n", Options(InputFormat::kLines, 16),
              {"0" + reject + too_long, "19:{}"});
  ExpectSplit("0123456789012345\r\n{}\n", Options(InputFormat::kLines, 16),
              {"0:0123456789012345", "18:{}"});
  ExpectSplit("[{\"0\":\"123456789\"},{}]", Options(InputFormat::kJson, 16),
              {"1" + reject + "{\"0\":\"123456789\"}", "19:{}"});
}

TEST(RecordSplitter, KeepsTheFirstPartOfATooLongRecord) {
  std::string stream(10'000, 'a');
  stream.replace(0, 3, "xyz");
  const SplitTranscript whole = SplitAtOnce(stream, Options(InputFormat::kLines, 100));
  ASSERT_EQ(whole.lines.size(), 1U);
  EXPECT_TRUE(whole.lines[0].ends_with("xyz" + std::string(RecordSplitter::kRejectBytes - 3, 'a')));
  EXPECT_EQ(SplitInPieces(stream, Options(InputFormat::kLines, 100), 0, [] { return 7; }), whole);
}

TEST(RecordSplitter, StopsAtTheLimits) {
  RecordSplitter splitter(Options(InputFormat::kLines), {});
  RawBatch batch;
  auto progress = splitter.Split("a\nb\nc\n", 0, false, {2, SIZE_MAX}, &batch);
  EXPECT_EQ(progress.consumed, 4U);
  EXPECT_FALSE(progress.starved);
  progress = splitter.Split("c\nd\n", 4, false, {SIZE_MAX, 1}, &batch);
  EXPECT_EQ(progress.consumed, 2U);
  EXPECT_EQ(batch.records.size(), 3U);
  EXPECT_EQ(batch.records[2].offset, 4);
}

TEST(RecordSplitter, PiecesChangeNothingForRandomStreams) {
  constexpr std::string_view kBytes = "{}[]\",;\n\r\\ ax1\t\xEF\xBB\xBF";
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string stream(random() % 200, ' ');
    for (char& c : stream) c = kBytes[random() % kBytes.size()];
    SplitOptions options = Options(static_cast<InputFormat>(random() % 4), 1 + random() % 40);
    options.hint = static_cast<InputFormat>(random() % 4);
    const SplitTranscript whole = SplitAtOnce(stream, options);
    const auto piece = [&] { return random() % 9; };
    ASSERT_EQ(SplitInPieces(stream, options, 0, piece), whole) << stream;
    ASSERT_EQ(SplitInPieces(stream, options, 1 + random() % 3, piece), whole) << stream;
  }
}

}  // namespace
}  // namespace avocet
