// avocet-lambda: the producer for AWS Lambda, a custom runtime. docs/lambda.md has its settings.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "src/base/json_writer.h"
#include "src/env/time_zone.h"
#include "src/lambda/lambda_handler.h"
#include "src/lambda/runtime_api.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Left for the answer when records are still being put again.
constexpr nanoseconds kAnswerTime = milliseconds(1500);

std::string Setting(const char* name, const std::string& otherwise = {}) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

LambdaOptions ReadOptions() {
  LambdaOptions options;
  options.sink.stream = Setting("AVOCET_STREAM");
  options.sink.delivery = Setting("AVOCET_DELIVERY_STREAM");
  options.sink.endpoint = Setting("AVOCET_STREAM_ENDPOINT");
  options.s3_endpoint = Setting("AVOCET_S3_ENDPOINT");
  options.dead_letters = Setting("AVOCET_DEAD_LETTERS");
  options.schema.device_field = Setting("AVOCET_DEVICE_FIELD", options.schema.device_field);
  options.schema.device_constant = Setting("AVOCET_DEVICE");
  options.schema.time_field = Setting("AVOCET_TIME_FIELD", options.schema.time_field);
  options.schema.time_pattern = Setting("AVOCET_TIME_PATTERN");
  options.schema.time_zone = Setting("AVOCET_TIME_ZONE");
  options.schema.decimal_comma = Setting("AVOCET_DECIMAL_COMMA") == "true";
  const char* const stamp = std::getenv("AVOCET_STAMP_FIELD");
  if (stamp != nullptr) options.stamp_field = stamp;
  return options;
}

// One line of JSON on standard error, which Lambda sends to the logs.
void Log(const char* level, const std::string& request_id, const std::string& message) {
  JsonWriter json;
  json.BeginObject().Field("level", level).Field("request_id", request_id);
  std::cerr << json.Field("message", message).EndObject().Take() + "\n" << std::flush;
}

Status CheckTimes(const SchemaConfig& schema) {
  if (!schema.time_zone.empty()) {
    const Status zone = TimeZone::Load(schema.time_zone).status();
    if (!zone.ok()) return zone.WithContext("AVOCET_TIME_ZONE");
  }
  if (schema.time_pattern.empty()) return Status::Ok();
  return TimePattern::Make(schema.time_pattern, TimeZone::Utc())
      .status()
      .WithContext("AVOCET_TIME_PATTERN");
}

Result<std::unique_ptr<LambdaHandler>> MakeHandler(Env* env) {
  LambdaOptions options = ReadOptions();
  if (options.sink.stream.empty() == options.sink.delivery.empty()) {
    return Status::Config("set one of AVOCET_STREAM and AVOCET_DELIVERY_STREAM");
  }
  AVOCET_RETURN_IF_ERROR(CheckTimes(options.schema));
  AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport, AwsTransport::Open({}, env));
  return LambdaHandler::Make(std::move(options), std::move(transport), env);
}

void HandleOne(const Invocation& invocation, LambdaHandler* handler, RuntimeApi* runtime,
               Env* env) {
  const auto left = nanoseconds(milliseconds(invocation.deadline_ms)) -
                    nanoseconds(std::chrono::microseconds(env->NowMicros()));
  const nanoseconds deadline = env->Monotonic() + std::max(nanoseconds(0), left - kAnswerTime);
  const auto answer = handler->Handle(invocation.event, invocation.request_id, deadline);
  Status told;
  if (answer.ok()) {
    told = runtime->Answer(invocation.request_id, *answer);
  } else {
    Log("error", invocation.request_id, answer.status().message());
    told = runtime->Fail(invocation.request_id, answer.status());
  }
  if (!told.ok()) Log("error", invocation.request_id, told.message());
}

int RunLambda() {
  Env* const env = Env::Posix();
  const std::string address = Setting("AWS_LAMBDA_RUNTIME_API");
  if (address.empty()) {
    Log("error", "", "AWS_LAMBDA_RUNTIME_API is not set: AWS Lambda starts this program");
    return 64;
  }
  auto waiting = AwsTransport::Open({.timeout = std::chrono::hours(24)}, env);
  if (!waiting.ok()) {
    Log("error", "", waiting.status().message());
    return 70;
  }
  RuntimeApi runtime(std::move(waiting).value(), address);
  auto handler = MakeHandler(env);
  if (!handler.ok()) {
    Log("error", "", handler.status().message());
    static_cast<void>(runtime.FailToBegin(handler.status()));
    return ExitCode(handler.status());
  }
  while (true) {
    const auto invocation = runtime.Next();
    if (!invocation.ok()) {
      // Lambda freezes or ends the process when it has no more work for it.
      Log("error", "", invocation.status().message());
      return 69;
    }
    HandleOne(*invocation, handler->get(), &runtime, env);
  }
}

}  // namespace
}  // namespace avocet

int main() { return avocet::RunLambda(); }
