#include "src/net/stream_writer.h"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/base/base64.h"
#include "src/base/json_writer.h"
#include "src/env/retry_pause.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr RetryPauses kRetryPauses{milliseconds(50), milliseconds(2000)};
constexpr size_t kKinesisBatchBytes = 5'000'000;
constexpr size_t kFirehoseBatchBytes = size_t{4} << 20;

AwsJsonService::Protocol ProtocolOf(const StreamWriterOptions& options) {
  if (options.stream.empty()) return {"firehose", "Firehose_20150804", "1.1"};
  return {"kinesis", "Kinesis_20131202", "1.1"};
}

size_t SizeOf(const OutgoingRecord& record) {
  return record.data.size() + record.partition_key.size();
}

}  // namespace

StreamWriter::StreamWriter(std::shared_ptr<AwsTransport> transport, StreamWriterOptions options,
                           Env* env)
    : options_(std::move(options)),
      service_(std::move(transport), ProtocolOf(options_), options_.endpoint),
      env_(env) {}

std::string StreamWriter::RequestJson(const std::vector<OutgoingRecord>& records,
                                      const Indices& batch) const {
  JsonWriter json;
  json.BeginObject();
  json.Field(firehose() ? "DeliveryStreamName" : "StreamName",
             firehose() ? options_.delivery : options_.stream);
  json.Key("Records").BeginArray();
  for (const size_t index : batch) {
    std::string data;
    // Firehose puts records into objects one after the other.
    AppendBase64(firehose() ? records[index].data + "\n" : records[index].data, &data);
    json.BeginObject().Field("Data", data);
    if (!firehose()) json.Field("PartitionKey", records[index].partition_key);
    json.EndObject();
  }
  return json.EndArray().EndObject().Take();
}

// Those of the batch that were not taken.
Result<StreamWriter::Indices> StreamWriter::PutOnce(const std::vector<OutgoingRecord>& records,
                                                    const Indices& batch, std::string* why) {
  AVOCET_ASSIGN_OR_RETURN(
      const std::string answer,
      service_.Call(firehose() ? "PutRecordBatch" : "PutRecords", RequestJson(records, batch)));
  const Status unreadable = Status::Unavailable("an answer that makes no sense: " + answer);
  simdjson::dom::parser parser;
  simdjson::dom::array verdicts;
  const char* const key = firehose() ? "RequestResponses" : "Records";
  if (parser.parse(answer)[key].get_array().get(verdicts) != SUCCESS ||
      verdicts.size() != batch.size()) {
    return unreadable;
  }
  Indices left;
  size_t at = 0;
  for (const simdjson::dom::element verdict : verdicts) {
    std::string_view code, message;
    if (verdict["ErrorCode"].get_string().get(code) == SUCCESS && !code.empty()) {
      left.push_back(batch[at]);
      *why = code;
      if (verdict["ErrorMessage"].get_string().get(message) == SUCCESS) {
        why->append(": ").append(message);
      }
    }
    ++at;
  }
  return left;
}

Status StreamWriter::PutBatch(const std::vector<OutgoingRecord>& records, Indices batch,
                              nanoseconds deadline, Indices* unsent) {
  nanoseconds pause{0};
  while (true) {
    std::string why;
    Result<Indices> left = PutOnce(records, batch, &why);
    if (left.ok()) batch = *left;
    if (left.ok() && batch.empty()) return Status::Ok();
    const Status status = left.ok() ? Status::Unavailable(why) : left.status();
    const nanoseconds wait = NextRetryPause(kRetryPauses, env_, &pause);
    if (status.code() != StatusCode::kUnavailable || env_->Monotonic() + wait > deadline) {
      unsent->insert(unsent->end(), batch.begin(), batch.end());
      return status.WithContext("cannot put " + std::to_string(batch.size()) + " records into " +
                                (firehose() ? options_.delivery : options_.stream));
    }
    env_->SleepFor(wait);
  }
}

Status StreamWriter::Put(const std::vector<OutgoingRecord>& records, nanoseconds deadline,
                         Indices* unsent) {
  unsent->clear();
  const size_t most_bytes = firehose() ? kFirehoseBatchBytes : kKinesisBatchBytes;
  Status first;
  Indices batch;
  size_t bytes = 0;
  for (size_t i = 0; i <= records.size(); ++i) {
    const bool full = i == records.size() || batch.size() == kMostRecords ||
                      bytes + SizeOf(records[i]) > most_bytes;
    if (full && !batch.empty()) {
      const Status status = PutBatch(records, std::exchange(batch, {}), deadline, unsent);
      if (first.ok()) first = status;
      bytes = 0;
    }
    if (i == records.size()) break;
    batch.push_back(i);
    bytes += SizeOf(records[i]);
  }
  return first;
}

}  // namespace avocet
