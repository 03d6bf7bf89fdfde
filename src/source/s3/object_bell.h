// ObjectBell: tells that new objects may be in a bucket, by the notifications of an SQS queue.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/aws_transport.h"

namespace avocet {

/// A queue of messages. Calls block, and fail as those of AwsJsonService do.
class MessageQueue {
 public:
  virtual ~MessageQueue() = default;

  /// Waits some seconds for messages. The handles of those that have come, for Delete.
  virtual Result<std::vector<std::string>> Receive() = 0;
  virtual Status Delete(const std::vector<std::string>& handles) = 0;
  /// Calls under way and later ones return kCancelled.
  virtual void Cancel() = 0;
};

/// The SQS queue of that address, which says where the service is. kInvalid: it is no address.
Result<std::unique_ptr<MessageQueue>> OpenSqsQueue(std::shared_ptr<AwsTransport> transport,
                                                   const std::string& url);

/// A message is deleted as soon as the bell has rung: which objects there are, the next listing of
/// the bucket says, not the queue. So nothing depends on a message being there, or once only.
class ObjectBell {
 public:
  ObjectBell(std::unique_ptr<MessageQueue> queue, Env* env);
  ~ObjectBell();
  ObjectBell(const ObjectBell&) = delete;
  ObjectBell& operator=(const ObjectBell&) = delete;

  /// Whether messages have come since the last call.
  bool TakeRing() { return rung_.exchange(false); }
  /// Why the queue cannot be read at the moment; Ok otherwise.
  Status status() const;

 private:
  void Run();
  void Pause(std::chrono::nanoseconds duration);

  const std::unique_ptr<MessageQueue> queue_;
  Env* const env_;
  std::atomic<bool> rung_ = false;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  Status status_;          // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
