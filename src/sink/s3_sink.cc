#include "src/sink/s3_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "src/base/s3_url.h"
#include "src/base/time_format.h"
#include "src/net/s3_client.h"

namespace avocet {
namespace {

class S3Carrier : public BatchCarrier {
 public:
  S3Carrier(S3Client client, std::string keys)
      : client_(std::move(client)), keys_(std::move(keys)) {}

  Outcome Carry(RecordBatch* batch) override {
    std::string body;
    body.reserve(batch->bytes);
    for (const std::string& line : batch->records) body += line;
    Outcome outcome;
    // Again under the same key: an object that had been written is written once more.
    outcome.status = client_.Put(fmt::format("{}{:06}.ndjson", keys_, batch->number), body);
    if (!outcome.status.ok()) return outcome;
    outcome.acknowledged = batch->records.size();
    batch->records.clear();
    return outcome;
  }

 private:
  S3Client client_;
  const std::string keys_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeS3Sink(const std::string& url, SinkSettings settings, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const S3Location place, ParseS3Url(url));
  AwsOptions aws = settings.Aws();
  aws.path_style = settings.Flag("path_style");
  BatchLimits limits;
  limits.records = std::numeric_limits<size_t>::max();
  limits.bytes = settings.Count("object_bytes", size_t{8} << 20);
  limits.hold = settings.Time("object_interval", std::chrono::seconds(60));
  limits.patience = settings.Time("patience", limits.patience);
  AVOCET_RETURN_IF_ERROR(settings.Finish("s3"));
  AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport, AwsTransport::Open(aws, env));
  std::string run = FormatTimestamp(env->NowMicros()).substr(0, 19);
  std::erase_if(run, [](char c) { return c == '-' || c == ':'; });
  const std::string keys =
      fmt::format("{}{}Z-{:08x}-", place.prefix, run, env->Random64() & 0xFFFF'FFFFU);
  auto carrier = std::make_unique<S3Carrier>(
      S3Client(std::move(transport), place.bucket, aws.endpoint, aws.path_style), keys);
  return std::unique_ptr<Sink>(std::make_unique<BatchSink>(std::move(carrier), limits, env));
}

}  // namespace avocet
