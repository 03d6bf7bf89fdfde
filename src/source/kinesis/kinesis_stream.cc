#include "src/source/kinesis/kinesis_stream.h"

#include <simdjson.h>

#include <string_view>
#include <utility>

#include "src/base/base64.h"
#include "src/base/json_writer.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;

std::string_view IteratorType(KinesisStart::At at) {
  switch (at) {
    case KinesisStart::At::kTrimHorizon:
      return "TRIM_HORIZON";
    case KinesisStart::At::kTimestamp:
      return "AT_TIMESTAMP";
    case KinesisStart::At::kSequence:
      return "AT_SEQUENCE_NUMBER";
    case KinesisStart::At::kAfterSequence:
      break;
  }
  return "AFTER_SEQUENCE_NUMBER";
}

class AwsStream : public KinesisStream {
 public:
  AwsStream(std::shared_ptr<AwsTransport> transport, const std::string& endpoint, std::string name)
      : service_(std::move(transport), {"kinesis", "Kinesis_20131202", "1.1"}, endpoint),
        name_(std::move(name)) {}

  Result<std::vector<KinesisShard>> ListShards() override;
  Result<std::string> GetIterator(const std::string& shard, const KinesisStart& start) override;
  Result<KinesisRecords> GetRecords(const std::string& iterator, int limit) override;
  void Cancel() override { service_.Cancel(); }

 private:
  AwsJsonService service_;
  const std::string name_;
};

// One page of shards; the token of the next page, empty for the last.
Result<std::string> ReadPage(const std::string& answer, std::vector<KinesisShard>* shards) {
  const Status damaged = Status::Unavailable("cannot read the list of shards: " + answer);
  simdjson::dom::parser parser;
  simdjson::dom::element page;
  simdjson::dom::array listed;
  if (parser.parse(answer).get(page) != SUCCESS ||
      page["Shards"].get_array().get(listed) != SUCCESS) {
    return damaged;
  }
  for (const simdjson::dom::element item : listed) {
    std::string_view text;
    if (item["ShardId"].get_string().get(text) != SUCCESS) return damaged;
    KinesisShard& shard = shards->emplace_back();
    shard.id = text;
    for (const char* key : {"ParentShardId", "AdjacentParentShardId"}) {
      if (item[key].get_string().get(text) == SUCCESS) shard.parents.emplace_back(text);
    }
    const auto hashes = item["HashKeyRange"];
    if (hashes["StartingHashKey"].get_string().get(text) == SUCCESS) shard.first_hash = text;
    if (hashes["EndingHashKey"].get_string().get(text) == SUCCESS) shard.last_hash = text;
  }
  std::string_view token;
  if (page["NextToken"].get_string().get(token) != SUCCESS) return std::string();
  return std::string(token);
}

Result<std::vector<KinesisShard>> AwsStream::ListShards() {
  std::vector<KinesisShard> shards;
  std::string token;
  do {
    JsonWriter json;
    json.BeginObject();
    // The service refuses both at once.
    if (token.empty()) {
      json.Field("StreamName", name_);
    } else {
      json.Field("NextToken", token);
    }
    AVOCET_ASSIGN_OR_RETURN(const std::string answer,
                            service_.Call("ListShards", json.EndObject().Take()));
    AVOCET_ASSIGN_OR_RETURN(token, ReadPage(answer, &shards));
  } while (!token.empty());
  return shards;
}

Result<std::string> AwsStream::GetIterator(const std::string& shard, const KinesisStart& start) {
  JsonWriter json;
  json.BeginObject().Field("StreamName", name_).Field("ShardId", shard);
  json.Field("ShardIteratorType", IteratorType(start.at));
  if (start.at == KinesisStart::At::kTimestamp) {
    json.Field("Timestamp", static_cast<double>(start.timestamp_ms) / 1000);
  }
  if (!start.sequence.empty()) json.Field("StartingSequenceNumber", start.sequence);
  AVOCET_ASSIGN_OR_RETURN(const std::string answer,
                          service_.Call("GetShardIterator", json.EndObject().Take()));
  simdjson::dom::parser parser;
  std::string_view iterator;
  if (parser.parse(answer)["ShardIterator"].get_string().get(iterator) != SUCCESS) {
    return Status::Unavailable("cannot read the iterator of shard " + shard + ": " + answer);
  }
  return std::string(iterator);
}

// Decodes the records' data into one text, which must not grow while records point into it.
Status ReadRecords(simdjson::dom::array listed, size_t answer_bytes, KinesisRecords* out) {
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(answer_bytes);
  for (const simdjson::dom::element item : listed) {
    std::string_view sequence, data;
    const size_t begin = bytes->size();
    if (item["SequenceNumber"].get_string().get(sequence) != SUCCESS ||
        item["Data"].get_string().get(data) != SUCCESS || !AppendFromBase64(data, bytes.get())) {
      return Status::Unavailable("a record without sequence number or data");
    }
    out->records.push_back({std::string(sequence), std::string_view(*bytes).substr(begin)});
  }
  out->bytes = std::move(bytes);
  return Status::Ok();
}

Result<KinesisRecords> AwsStream::GetRecords(const std::string& iterator, int limit) {
  JsonWriter json;
  json.BeginObject().Field("ShardIterator", iterator).Field("Limit", limit);
  AVOCET_ASSIGN_OR_RETURN(const std::string answer,
                          service_.Call("GetRecords", json.EndObject().Take()));
  simdjson::dom::parser parser;
  simdjson::dom::element page;
  simdjson::dom::array listed;
  if (parser.parse(answer).get(page) != SUCCESS ||
      page["Records"].get_array().get(listed) != SUCCESS) {
    return Status::Unavailable("an answer that makes no sense: " + answer.substr(0, 200));
  }
  KinesisRecords records;
  AVOCET_RETURN_IF_ERROR(ReadRecords(listed, answer.size(), &records));
  std::string_view next;
  if (page["NextShardIterator"].get_string().get(next) == SUCCESS) records.next_iterator = next;
  int64_t behind_ms = 0;
  if (page["MillisBehindLatest"].get_int64().get(behind_ms) == SUCCESS) {
    records.behind_ms = behind_ms;
  }
  return records;
}

}  // namespace

std::unique_ptr<KinesisStream> MakeKinesisStream(std::shared_ptr<AwsTransport> transport,
                                                 const std::string& endpoint, std::string name) {
  return std::make_unique<AwsStream>(std::move(transport), endpoint, std::move(name));
}

}  // namespace avocet
