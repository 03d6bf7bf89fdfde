// Kinesis payloads: any bytes become records, rejects or nothing; taken one by one and with a new
// start after each they are the same as taken at once. The first byte is the limit of a record.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/check.h"
#include "src/source/kinesis/kinesis_chunk.h"

namespace avocet {
namespace {

std::vector<std::string> Texts(const RawBatch& batch) {
  std::vector<std::string> texts;
  for (const RawRecord& record : batch.records) {
    texts.push_back(std::to_string(record.offset) + " " + std::string(batch.Bytes(record)));
  }
  for (const RawReject& reject : batch.rejects) {
    texts.push_back(std::to_string(reject.offset) + " " + reject.code + " " + reject.bytes);
  }
  return texts;
}

void CheckPayload(const std::string& payload, size_t max_record_bytes) {
  KinesisRecords answer;
  answer.bytes = std::make_shared<const std::string>(payload);
  answer.records.push_back({"100", *answer.bytes});
  const KinesisUnpackOptions options{.max_record_bytes = max_record_bytes};
  KinesisChunk whole = KinesisChunk::Unpack(answer, {}, options);
  const uint64_t count = whole.end().records;
  RawBatch all;
  whole.Take({}, &all);
  AVOCET_CHECK(whole.drained() && whole.position() == whole.end());
  AVOCET_CHECK(all.records.size() + all.rejects.size() == count);
  const std::vector<std::string> want = Texts(all);
  KinesisPosition position;
  for (uint64_t i = 0; i < count && i < 50; ++i) {
    KinesisChunk chunk = KinesisChunk::Unpack(answer, position, options);
    RawBatch one;
    chunk.Take({.max_records = 1}, &one);
    const auto texts = Texts(one);
    AVOCET_CHECK(texts.size() == 1 && one.empty_records == 0);
    bool found = false;
    for (const std::string& text : want) found = found || text == texts[0];
    AVOCET_CHECK(found);
    position = chunk.position();
    AVOCET_CHECK(position.records == i + 1);
    AVOCET_CHECK((position.delivered_inside == 0) == (i + 1 == count));
  }
}

}  // namespace
}  // namespace avocet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  avocet::CheckPayload(std::string(reinterpret_cast<const char*>(data) + 1, size - 1),
                       size_t{data[0]} + 1);
  return 0;
}
