// LambdaHandler: one event of AWS Lambda to records of a stream, and the answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/s3_url.h"
#include "src/config/config.h"
#include "src/lambda/lambda_event.h"
#include "src/lambda/record_intake.h"
#include "src/net/aws_transport.h"
#include "src/net/s3_client.h"
#include "src/net/stream_writer.h"

namespace avocet {

struct LambdaOptions {
  StreamWriterOptions sink;
  SchemaConfig schema;
  std::string dead_letters;                 ///< s3://bucket/prefix; empty: there are none
  std::string stamp_field = "ingested_at";  ///< empty: records are not stamped
  std::string s3_endpoint;                  ///< empty: the region's
};

/// Readings are cut and judged as the lake does it, stamped, and put into the stream under their
/// device. Those that the lake would quarantine go to the dead letters. Owned by one thread.
class LambdaHandler {
 public:
  /// kConfig when the dead letters are no s3:// URL.
  static Result<std::unique_ptr<LambdaHandler>> Make(LambdaOptions options,
                                                     std::shared_ptr<AwsTransport> transport,
                                                     Env* env);

  /// The answer to an event, JSON. `deadline` (Env::Monotonic) is when it must be there. An error
  /// means that the event as a whole must come again; HTTP requests and messages of a queue have
  /// their own ways to say that, and are answered.
  Result<std::string> Handle(std::string_view event, const std::string& request_id,
                             std::chrono::nanoseconds deadline);

 private:
  /// What became of the readings of an item.
  struct Outcome {
    uint64_t accepted = 0;
    std::vector<RejectedRecord> rejected;
    Status status;  // why not all of it is done
  };

  LambdaHandler(LambdaOptions options, std::shared_ptr<AwsTransport> transport, Env* env);
  Outcome Run(const LambdaEvent::Item& item, std::chrono::nanoseconds deadline);
  Status TakeBatch(const ReadingBatch& batch, const std::string& stamp,
                   std::chrono::nanoseconds deadline, Outcome* outcome);
  Status KeepRejected(const std::string& name, const std::vector<RejectedRecord>& rejected);
  Result<std::string> AnswerHttp(Outcome outcome, const std::string& request_id);
  Result<std::string> AnswerQueue(const LambdaEvent& event, std::vector<Outcome> outcomes);
  Result<std::string> AnswerOthers(std::vector<Outcome> outcomes, const std::string& request_id);

  const LambdaOptions options_;
  const std::shared_ptr<AwsTransport> transport_;
  Env* const env_;
  RecordIntake intake_;
  StreamWriter sink_;
  S3Location letters_;
};

}  // namespace avocet
