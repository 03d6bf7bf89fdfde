#include "src/source/s3/object_bell.h"

#include <simdjson.h>

#include <utility>

#include "src/base/json_writer.h"
#include "src/env/retry_pause.h"
#include "src/net/aws_service.h"

namespace avocet {
namespace {

constexpr int kWaitSeconds = 10;
constexpr int kMostMessages = 10;  // that SQS gives or deletes at once
constexpr RetryPauses kRetryPauses{std::chrono::milliseconds(200), std::chrono::seconds(10)};

class SqsQueue : public MessageQueue {
 public:
  SqsQueue(std::shared_ptr<AwsTransport> transport, const std::string& url,
           const std::string& endpoint)
      : service_(std::move(transport),
                 {.service = "sqs", .target_prefix = "AmazonSQS", .json_version = "1.0"}, endpoint),
        url_(url) {}

  Result<std::vector<std::string>> Receive() override {
    JsonWriter json;
    json.BeginObject().Field("QueueUrl", url_).Field("MaxNumberOfMessages", kMostMessages);
    json.Field("WaitTimeSeconds", kWaitSeconds);
    AVOCET_ASSIGN_OR_RETURN(const std::string answer,
                            service_.Call("ReceiveMessage", json.EndObject().Take()));
    std::vector<std::string> handles;
    simdjson::dom::parser parser;
    simdjson::dom::element parsed;
    if (parser.parse(answer).get(parsed) != simdjson::SUCCESS) {
      return Status::Unavailable("an answer that makes no sense: " + answer.substr(0, 200));
    }
    simdjson::dom::array messages;
    if (parsed["Messages"].get_array().get(messages) != simdjson::SUCCESS) return handles;
    for (const simdjson::dom::element message : messages) {
      std::string_view handle;
      if (message["ReceiptHandle"].get(handle) == simdjson::SUCCESS) handles.emplace_back(handle);
    }
    return handles;
  }

  Status Delete(const std::vector<std::string>& handles) override {
    JsonWriter json;
    json.BeginObject().Field("QueueUrl", url_).Key("Entries").BeginArray();
    for (size_t i = 0; i < handles.size(); ++i) {
      json.BeginObject().Field("Id", std::to_string(i));
      json.Field("ReceiptHandle", handles[i]).EndObject();
    }
    json.EndArray().EndObject();
    return service_.Call("DeleteMessageBatch", json.Take()).status();
  }

  void Cancel() override { service_.Cancel(); }

 private:
  AwsJsonService service_;
  const std::string url_;
};

}  // namespace

Result<std::unique_ptr<MessageQueue>> OpenSqsQueue(std::shared_ptr<AwsTransport> transport,
                                                   const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  if (path == std::string::npos || (!url.starts_with("https://") && !url.starts_with("http://"))) {
    return Status::Invalid("\"" + url +
                           "\" is not the URL of a queue, as in "
                           "https://sqs.eu-west-1.amazonaws.com/123456789012/readings");
  }
  return std::unique_ptr<MessageQueue>(
      std::make_unique<SqsQueue>(std::move(transport), url, url.substr(0, path)));
}

ObjectBell::ObjectBell(std::unique_ptr<MessageQueue> queue, Env* env)
    : queue_(std::move(queue)), env_(env), thread_([this] { Run(); }) {}

ObjectBell::~ObjectBell() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  queue_->Cancel();
  stop_.notify_all();
  thread_.join();
}

Status ObjectBell::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void ObjectBell::Pause(std::chrono::nanoseconds duration) {
  std::unique_lock lock(mutex_);
  stop_.wait_for(lock, duration, [this] { return stopping_; });
}

void ObjectBell::Run() {
  std::chrono::nanoseconds pause{0};
  while (true) {
    const Result<std::vector<std::string>> handles = queue_->Receive();
    Status status = handles.status();
    if (handles.ok() && !handles->empty()) {
      rung_ = true;
      status = queue_->Delete(*handles);
    }
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      status_ = status;
    }
    if (status.ok()) {
      pause = std::chrono::nanoseconds(0);
    } else {
      Pause(NextRetryPause(kRetryPauses, env_, &pause));
    }
  }
}

}  // namespace avocet
