// A bucket in memory. Only tests include it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/env/env.h"
#include "src/source/failures_testing.h"
#include "src/source/s3/object_bell.h"
#include "src/source/s3/object_store.h"

namespace avocet {

/// The bucket, which outlives those that read it.
class FakeBucket {
 public:
  size_t page_objects = 1000;

  void Put(const std::string& key, std::string bytes,
           int64_t modified_us = Env::Posix()->NowMicros()) {
    const std::lock_guard lock(mutex_);
    objects_[key] = {"\"" + std::to_string(++version_) + "\"", std::move(bytes), modified_us};
  }
  void Delete(const std::string& key) {
    const std::lock_guard lock(mutex_);
    objects_.erase(key);
  }
  void FailReads(const std::vector<Status>& failures) {
    const std::lock_guard lock(mutex_);
    read_failures_.Set(failures);
  }
  void FailLists(const std::vector<Status>& failures) {
    const std::lock_guard lock(mutex_);
    list_failures_.Set(failures);
  }
  /// The keys behind which was listed.
  std::vector<std::string> listed() const {
    const std::lock_guard lock(mutex_);
    return listed_;
  }

  std::unique_ptr<ObjectStore> Open() { return std::make_unique<Reader>(this); }

 private:
  struct Object {
    std::string etag;
    std::string bytes;
    int64_t modified_us = 0;
  };

  class Reader : public ObjectStore {
   public:
    explicit Reader(FakeBucket* bucket) : bucket_(bucket) {}
    Result<S3Page> List(const std::string& after) override { return bucket_->List(after); }
    Result<size_t> Read(const S3Object& object, uint64_t offset, std::span<char> out) override {
      return bucket_->Read(object, offset, out);
    }
    void Cancel() override {}

   private:
    FakeBucket* const bucket_;
  };

  Result<S3Page> List(const std::string& after) {
    const std::lock_guard lock(mutex_);
    AVOCET_RETURN_IF_ERROR(list_failures_.Take());
    listed_.push_back(after);
    S3Page page;
    for (auto at = objects_.upper_bound(after); at != objects_.end(); ++at) {
      if (page.objects.size() == page_objects) {
        page.more = true;
        break;
      }
      page.objects.push_back(
          {at->first, at->second.etag, at->second.bytes.size(), at->second.modified_us});
    }
    return page;
  }

  Result<size_t> Read(const S3Object& object, uint64_t offset, std::span<char> out) {
    const std::lock_guard lock(mutex_);
    AVOCET_RETURN_IF_ERROR(read_failures_.Take());
    const auto found = objects_.find(object.key);
    if (found == objects_.end()) return Status::NotFound("NoSuchKey");
    if (found->second.etag != object.etag) return Status::Conflict("PreconditionFailed");
    const std::string& bytes = found->second.bytes;
    if (offset >= bytes.size()) return size_t{0};
    const size_t size = std::min(out.size(), bytes.size() - offset);
    std::memcpy(out.data(), bytes.data() + offset, size);
    return size;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  ScriptedFailures read_failures_;
  ScriptedFailures list_failures_;
  std::vector<std::string> listed_;
  int version_ = 0;
};

/// A queue in memory, which outlives those that read it. A message stays until it is deleted.
class FakeQueue {
 public:
  void Send(std::string handle) {
    const std::lock_guard lock(mutex_);
    messages_.insert(std::move(handle));
    changed_.notify_all();
  }
  void FailReceives(const std::vector<Status>& failures) {
    const std::lock_guard lock(mutex_);
    failures_.Set(failures);
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }

  std::unique_ptr<MessageQueue> Open() { return std::make_unique<Reader>(this); }

 private:
  class Reader : public MessageQueue {
   public:
    explicit Reader(FakeQueue* queue) : queue_(queue) {}
    Result<std::vector<std::string>> Receive() override {
      std::unique_lock lock(queue_->mutex_);
      AVOCET_RETURN_IF_ERROR(queue_->failures_.Take());
      queue_->changed_.wait_for(lock, std::chrono::seconds(10),
                                [this] { return cancelled_ || !queue_->messages_.empty(); });
      if (cancelled_) return Status::Cancelled("the queue is closed");
      return std::vector<std::string>(queue_->messages_.begin(), queue_->messages_.end());
    }
    Status Delete(const std::vector<std::string>& handles) override {
      const std::lock_guard lock(queue_->mutex_);
      for (const std::string& handle : handles) queue_->messages_.erase(handle);
      return Status::Ok();
    }
    void Cancel() override {
      const std::lock_guard lock(queue_->mutex_);
      cancelled_ = true;
      queue_->changed_.notify_all();
    }

   private:
    FakeQueue* const queue_;
    bool cancelled_ = false;  // guarded by the queue's mutex
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> messages_;
  ScriptedFailures failures_;
};

}  // namespace avocet
