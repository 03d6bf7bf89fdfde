// A table of leases in memory. Only tests include it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/source/failures_testing.h"
#include "src/source/kinesis/kinesis_lease_table.h"

namespace avocet {

/// The table, which outlives those that use it.
class FakeLeaseTable {
 public:
  /// The next calls of any kind answer so, one after the other; Ok: as usual.
  void Fail(const std::vector<Status>& failures) {
    const std::lock_guard lock(mutex_);
    failures_.Set(failures);
  }
  /// Until told otherwise no call gets through.
  void SetUnreachable(bool unreachable) {
    const std::lock_guard lock(mutex_);
    unreachable_ = unreachable;
  }
  /// The next changes are made, but their answers are lost.
  void LoseAnswers(int count) {
    const std::lock_guard lock(mutex_);
    answers_to_lose_ = count;
  }

  KinesisLease Get(const std::string& shard) const {
    const std::lock_guard lock(mutex_);
    const auto at = leases_.find(shard);
    return at == leases_.end() ? KinesisLease() : at->second;
  }
  void Put(const KinesisLease& lease) {
    const std::lock_guard lock(mutex_);
    leases_[lease.shard] = lease;
  }
  void Clear() {
    const std::lock_guard lock(mutex_);
    leases_.clear();
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return leases_.size();
  }
  size_t changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

  std::unique_ptr<KinesisLeaseTable> Open() { return std::make_unique<User>(this); }

 private:
  class User : public KinesisLeaseTable {
   public:
    explicit User(FakeLeaseTable* fake) : fake_(fake) {}
    Status Prepare() override {
      const std::lock_guard lock(fake_->mutex_);
      return fake_->Begin();
    }
    Result<std::vector<KinesisLease>> List() override {
      const std::lock_guard lock(fake_->mutex_);
      AVOCET_RETURN_IF_ERROR(fake_->Begin());
      std::vector<KinesisLease> leases;
      for (const auto& [shard, lease] : fake_->leases_) leases.push_back(lease);
      return leases;
    }
    Status Create(const KinesisLease& lease) override {
      const std::lock_guard lock(fake_->mutex_);
      AVOCET_RETURN_IF_ERROR(fake_->Begin());
      if (fake_->leases_.contains(lease.shard)) return Status::Conflict("it is there");
      fake_->leases_[lease.shard] = lease;
      return fake_->End();
    }
    Status Change(const KinesisLease& lease, int64_t seen) override {
      const std::lock_guard lock(fake_->mutex_);
      AVOCET_RETURN_IF_ERROR(fake_->Expect(lease.shard, seen));
      fake_->leases_[lease.shard] = lease;
      return fake_->End();
    }
    Status Remove(const std::string& shard, int64_t seen) override {
      const std::lock_guard lock(fake_->mutex_);
      AVOCET_RETURN_IF_ERROR(fake_->Expect(shard, seen));
      fake_->leases_.erase(shard);
      return fake_->End();
    }
    void Cancel() override {}

   private:
    FakeLeaseTable* const fake_;
  };

  Status Begin() {
    if (unreachable_) return Status::Unavailable("no connection");
    return failures_.Take();
  }
  Status Expect(const std::string& shard, int64_t seen) {
    AVOCET_RETURN_IF_ERROR(Begin());
    const auto at = leases_.find(shard);
    if (at != leases_.end() && at->second.counter == seen) return Status::Ok();
    return Status::Conflict("ConditionalCheckFailedException");
  }
  Status End() {
    ++changes_;
    if (answers_to_lose_ == 0) return Status::Ok();
    --answers_to_lose_;
    return Status::Unavailable("no answer in time");
  }

  mutable std::mutex mutex_;
  std::map<std::string, KinesisLease> leases_;
  ScriptedFailures failures_;
  bool unreachable_ = false;
  int answers_to_lose_ = 0;
  size_t changes_ = 0;
};

}  // namespace avocet
