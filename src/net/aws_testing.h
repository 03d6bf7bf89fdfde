// An AwsTransport in memory. Only tests include it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/net/aws_transport.h"

namespace avocet {

/// Answers with what it was given, one after the other, and remembers what it was asked.
class ScriptedTransport : public AwsTransport {
 public:
  explicit ScriptedTransport(std::string region = "eu-west-1") : region_(std::move(region)) {}

  void Answer(int status, std::string body, std::map<std::string, std::string> headers = {}) {
    answers_.push_back({status, std::move(headers), std::move(body)});
  }

  Result<AwsAnswer> Send(const AwsRequest& request) override {
    requests.push_back(request);
    bodies.emplace_back(request.body);
    if (answers_.empty()) return Status::Unavailable("no answer is left");
    AwsAnswer answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  void Cancel() override {}
  std::string region() const override { return region_; }

  std::vector<AwsRequest> requests;  ///< their bodies are gone
  std::vector<std::string> bodies;

 private:
  const std::string region_;
  std::deque<AwsAnswer> answers_;
};

}  // namespace avocet
