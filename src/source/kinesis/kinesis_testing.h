// A Kinesis stream in memory. Only tests include it.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "src/source/failures_testing.h"
#include "src/source/kinesis/kinesis_stream.h"

namespace avocet {

/// The stream, which outlives those that read it. Sequence numbers count over all shards.
class FakeKinesis {
 public:
  void AddShard(const std::string& id, std::vector<std::string> parents = {}) {
    const std::lock_guard lock(mutex_);
    shards_[id].parents = std::move(parents);
  }
  void Put(const std::string& shard, const std::string& data) {
    const std::lock_guard lock(mutex_);
    shards_.at(shard).records.emplace_back(next_sequence_++, data);
  }
  void Close(const std::string& shard) {
    const std::lock_guard lock(mutex_);
    shards_.at(shard).closed = true;
  }
  void Expire(const std::string& shard) {
    const std::lock_guard lock(mutex_);
    shards_.erase(shard);
  }
  /// The next calls of GetRecords answer so, one after the other.
  void FailReads(const std::vector<Status>& failures) {
    const std::lock_guard lock(mutex_);
    read_failures_.Set(failures);
  }
  void FailLists(const std::vector<Status>& failures) {
    const std::lock_guard lock(mutex_);
    list_failures_.Set(failures);
  }
  /// The shards in the order in which reading them was begun.
  std::vector<std::string> begun() const {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

  std::unique_ptr<KinesisStream> Open() { return std::make_unique<Reader>(this); }

 private:
  struct Shard {
    std::vector<std::string> parents;
    std::vector<std::pair<int64_t, std::string>> records;
    bool closed = false;
  };

  class Reader : public KinesisStream {
   public:
    explicit Reader(FakeKinesis* fake) : fake_(fake) {}
    Result<std::vector<KinesisShard>> ListShards() override { return fake_->ListShards(); }
    Result<std::string> GetIterator(const std::string& shard, const KinesisStart& start) override {
      return fake_->GetIterator(shard, start);
    }
    Result<KinesisRecords> GetRecords(const std::string& iterator, int limit) override {
      return fake_->GetRecords(iterator, limit);
    }
    void Cancel() override {}

   private:
    FakeKinesis* const fake_;
  };

  Result<std::vector<KinesisShard>> ListShards() {
    const std::lock_guard lock(mutex_);
    AVOCET_RETURN_IF_ERROR(list_failures_.Take());
    std::vector<KinesisShard> shards;
    for (const auto& [id, shard] : shards_) shards.push_back({.id = id, .parents = shard.parents});
    return shards;
  }

  Result<std::string> GetIterator(const std::string& shard, const KinesisStart& start) {
    const std::lock_guard lock(mutex_);
    const auto found = shards_.find(shard);
    if (found == shards_.end()) return Status::NotFound("no shard " + shard);
    begun_.push_back(shard);
    int64_t from = 0;
    if (!start.sequence.empty()) from = std::stoll(start.sequence);
    if (start.at == KinesisStart::At::kAfterSequence) ++from;
    if (from > next_sequence_) return Status::Invalid("a number that is in no shard");
    return shard + ":" + std::to_string(from);
  }

  Result<KinesisRecords> GetRecords(const std::string& iterator, int limit) {
    const std::lock_guard lock(mutex_);
    AVOCET_RETURN_IF_ERROR(read_failures_.Take());
    const size_t colon = iterator.find(':');
    const std::string id = iterator.substr(0, colon);
    const auto found = shards_.find(id);
    if (found == shards_.end()) return Status::NotFound("no shard " + id);
    int64_t next = std::stoll(iterator.substr(colon + 1));
    KinesisRecords answer;
    auto bytes = std::make_shared<std::string>();
    bytes->reserve(size_t{1} << 20);
    for (const auto& [sequence, data] : found->second.records) {
      if (sequence < next) continue;
      if (answer.records.size() == static_cast<size_t>(limit)) break;
      const size_t begin = bytes->size();
      *bytes += data;
      answer.records.push_back({std::to_string(sequence), std::string_view(*bytes).substr(begin)});
      next = sequence + 1;
    }
    const bool at_tip = found->second.records.empty() || found->second.records.back().first < next;
    answer.behind_ms = at_tip ? 0 : 1000;
    if (!(at_tip && found->second.closed)) answer.next_iterator = id + ":" + std::to_string(next);
    answer.bytes = std::move(bytes);
    return answer;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Shard> shards_;
  ScriptedFailures read_failures_;
  ScriptedFailures list_failures_;
  std::vector<std::string> begun_;
  int64_t next_sequence_ = 1;
};

}  // namespace avocet
