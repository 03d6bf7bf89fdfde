#include "src/lambda/lambda_handler.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

// Rejected records that an answer names; the dead letters have them all.
constexpr size_t kMostNamed = 100;

// An object as a stream, in requests that are large enough to be few.
class ObjectReader {
 public:
  ObjectReader(S3Client client, std::string key)
      : client_(std::move(client)), key_(std::move(key)) {}

  Result<size_t> Read(std::span<char> out) {
    if (taken_ == piece_.size() && !ended_) {
      piece_.resize(kPieceBytes);
      const auto size = client_.Read(key_, "", offset_, piece_);
      piece_.resize(size.ok() ? *size : 0);
      taken_ = 0;
      if (!size.ok()) return size.status();
      offset_ += *size;
      ended_ = *size < kPieceBytes;
    }
    const size_t size = std::min(out.size(), piece_.size() - taken_);
    if (size > 0) std::memcpy(out.data(), piece_.data() + taken_, size);
    taken_ += size;
    return size;
  }

 private:
  static constexpr size_t kPieceBytes = size_t{4} << 20;

  S3Client client_;
  const std::string key_;
  std::string piece_;
  size_t taken_ = 0;
  uint64_t offset_ = 0;
  bool ended_ = false;
};

void WriteRejected(const std::vector<RejectedRecord>& rejected, JsonWriter* json) {
  json->Key("rejected").BeginArray();
  for (size_t i = 0; i < std::min(rejected.size(), kMostNamed); ++i) {
    json->BeginObject().Field("offset", rejected[i].offset).Field("code", rejected[i].code);
    json->Field("message", rejected[i].message).EndObject();
  }
  json->EndArray();
}

std::string HttpAnswer(int status, const std::string& body) {
  JsonWriter json;
  json.BeginObject().Field("statusCode", status).Key("headers").BeginObject();
  json.Field("content-type", "application/json");
  if (status == 503) json.Field("retry-after", "5");
  json.EndObject().Field("body", body).Field("isBase64Encoded", false);
  return json.EndObject().Take();
}

}  // namespace

LambdaHandler::LambdaHandler(LambdaOptions options, std::shared_ptr<AwsTransport> transport,
                             Env* env)
    : options_(std::move(options)),
      transport_(std::move(transport)),
      env_(env),
      intake_(options_.schema, StreamWriter::kMostRecordBytes, env),
      sink_(transport_, options_.sink, env) {}

Result<std::unique_ptr<LambdaHandler>> LambdaHandler::Make(LambdaOptions options,
                                                           std::shared_ptr<AwsTransport> transport,
                                                           Env* env) {
  S3Location letters;
  if (!options.dead_letters.empty()) {
    AVOCET_ASSIGN_OR_RETURN(letters, ParseS3Url(options.dead_letters));
  }
  std::unique_ptr<LambdaHandler> handler(
      new LambdaHandler(std::move(options), std::move(transport), env));
  handler->letters_ = std::move(letters);
  return handler;
}

Status LambdaHandler::TakeBatch(const ReadingBatch& batch, const std::string& stamp,
                                nanoseconds deadline, Outcome* outcome) {
  std::vector<OutgoingRecord> records;
  records.reserve(batch.rows);
  for (size_t row = 0; row < batch.rows; ++row) {
    std::string data(batch.payload[row]);
    if (!options_.stamp_field.empty()) data = WithMember(data, options_.stamp_field, stamp);
    // Keys of Kinesis have at most 256 characters; devices have fewer bytes than that.
    records.push_back({std::string(batch.device[row]), std::move(data)});
  }
  outcome->rejected.insert(outcome->rejected.end(), batch.rejected.begin(), batch.rejected.end());
  std::vector<size_t> unsent;
  const Status status = sink_.Put(records, deadline, &unsent);
  outcome->accepted += records.size() - unsent.size();
  return status;
}

LambdaHandler::Outcome LambdaHandler::Run(const LambdaEvent::Item& item, nanoseconds deadline) {
  Outcome outcome;
  // The time of the event where there is one: should it come again, its records are the same bytes,
  // and the lake sees that it has them.
  const std::string stamp = item.time.empty() ? FormatTimestamp(env_->NowMicros()) : item.time;
  const auto take = [&](const ReadingBatch& batch) {
    return TakeBatch(batch, stamp, deadline, &outcome);
  };
  if (item.bucket.empty()) {
    outcome.status = intake_.ReadText(item.body, take);
    return outcome;
  }
  ObjectReader object(S3Client(transport_, item.bucket, options_.s3_endpoint, false), item.key);
  ByteStream stream([&object](std::span<char> out) { return object.Read(out); });
  const Status status = intake_.Read(std::move(stream), item.key, take);
  if (!status.ok()) outcome.status = status.WithContext("s3://" + item.bucket + "/" + item.key);
  return outcome;
}

Status LambdaHandler::KeepRejected(const std::string& name,
                                   const std::vector<RejectedRecord>& rejected) {
  if (rejected.empty() || letters_.bucket.empty()) return Status::Ok();
  std::string lines;
  for (const RejectedRecord& record : rejected) {
    JsonWriter json;
    json.BeginObject().Field("code", record.code).Field("message", record.message);
    json.Field("offset", record.offset).Field("format", record.format);
    lines += json.Field("payload", record.payload).EndObject().Take() + "\n";
  }
  std::string day = FormatDate(env_->NowMicros());
  std::replace(day.begin(), day.end(), '-', '/');
  std::string key = letters_.prefix;
  if (!key.empty() && !key.ends_with('/')) key += '/';
  key.append(day).append("/").append(name).append(".ndjson");
  S3Client client(transport_, letters_.bucket, options_.s3_endpoint, false);
  const Status put = client.Put(key, lines);
  return put.ok() ? put : put.WithContext("cannot write the dead letters");
}

Result<std::string> LambdaHandler::AnswerHttp(Outcome outcome, const std::string& request_id) {
  if (outcome.status.ok()) outcome.status = KeepRejected(request_id, outcome.rejected);
  JsonWriter json;
  json.BeginObject().Field("accepted", outcome.accepted);
  WriteRejected(outcome.rejected, &json);
  if (!outcome.status.ok()) json.Field("error", outcome.status.message());
  const bool all_bad = outcome.accepted == 0 && !outcome.rejected.empty();
  const int status = !outcome.status.ok() ? 503 : all_bad ? 400 : 200;
  return HttpAnswer(status, json.EndObject().Take());
}

// A message that failed comes again; one that can never be right goes to the dead letters, or to
// those of the queue.
Result<std::string> LambdaHandler::AnswerQueue(const LambdaEvent& event,
                                               std::vector<Outcome> outcomes) {
  std::map<std::string, Status> failed;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    Status status = outcomes[i].status;
    const std::string& id = event.items[i].id;
    if (status.ok()) {
      status = KeepRejected(id + "-" + std::to_string(i), outcomes[i].rejected);
    }
    if (status.ok() && letters_.bucket.empty() && !outcomes[i].rejected.empty()) {
      status = Status::Invalid(outcomes[i].rejected.front().message);
    }
    if (!status.ok()) failed.emplace(id, status);
  }
  JsonWriter json;
  json.BeginObject().Key("batchItemFailures").BeginArray();
  for (const auto& [id, status] : failed) {
    json.BeginObject().Field("itemIdentifier", id).EndObject();
  }
  return json.EndArray().EndObject().Take();
}

Result<std::string> LambdaHandler::AnswerOthers(std::vector<Outcome> outcomes,
                                                const std::string& request_id) {
  Outcome all;
  for (Outcome& outcome : outcomes) {
    AVOCET_RETURN_IF_ERROR(outcome.status);
    all.accepted += outcome.accepted;
    std::move(outcome.rejected.begin(), outcome.rejected.end(), std::back_inserter(all.rejected));
  }
  AVOCET_RETURN_IF_ERROR(KeepRejected(request_id, all.rejected));
  JsonWriter json;
  json.BeginObject().Field("accepted", all.accepted);
  json.Field("num_rejected", uint64_t{all.rejected.size()});
  WriteRejected(all.rejected, &json);
  return json.EndObject().Take();
}

Result<std::string> LambdaHandler::Handle(std::string_view event, const std::string& request_id,
                                          nanoseconds deadline) {
  AVOCET_ASSIGN_OR_RETURN(const LambdaEvent parsed, ParseLambdaEvent(event));
  std::vector<Outcome> outcomes;
  for (const LambdaEvent::Item& item : parsed.items) outcomes.push_back(Run(item, deadline));
  switch (parsed.kind) {
    case LambdaEvent::Kind::kHttp:
      return AnswerHttp(std::move(outcomes.front()), request_id);
    case LambdaEvent::Kind::kSqs:
      return AnswerQueue(parsed, std::move(outcomes));
    case LambdaEvent::Kind::kS3:
    case LambdaEvent::Kind::kPlain:
      break;
  }
  return AnswerOthers(std::move(outcomes), request_id);
}

}  // namespace avocet
