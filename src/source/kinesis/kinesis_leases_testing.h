// A process that shares a stream, without its reading and writing. Only tests include it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/source/kinesis/kinesis_lease_testing.h"
#include "src/source/kinesis/kinesis_leases.h"
#include "src/source/peer_lakes_testing.h"

namespace avocet {

/// Does with orders what the source does, and keeps what would be in its bronze table.
class LeaseWorker {
 public:
  LeaseWorker(std::string id, FakeLeaseTable* table, Env* env)
      : peers(id), id_(std::move(id)), table_(table), env_(env) {
    options.source = "kinesis";
    options.stream = "readings";
    options.table = "leases";
    options.duration = std::chrono::seconds(10);
  }

  KinesisLeaseOptions options;
  using Rows = std::map<std::string, std::vector<uint64_t>>;

  std::map<std::string, KinesisPosition> bronze;   ///< by shard
  Rows rows;                                       ///< numbers of the records there, by shard
  std::map<std::string, KinesisPosition> reading;  ///< after what was delivered
  std::map<std::string, KinesisStart> starts;      ///< of shards without a position
  std::vector<KinesisShard> listing;
  FakePeerLakes peers;  ///< as this process sees the others

  /// Begins with what is in bronze.
  void Start() {
    leases_ = std::make_unique<KinesisLeases>(options, table_->Open(), env_, &peers);
    leases_->Load(bronze);
    leases_->OnShards(listing);
  }
  bool running() const { return leases_ != nullptr; }
  KinesisLeases& leases() { return *leases_; }
  void Advance() {
    leases_->Advance();
    Obey();
  }
  /// Follows the orders: begins to read, or stops.
  void Obey() {
    for (const KinesisLeases::Order& order : leases_->TakeOrders()) {
      if (order.read) {
        ASSERT_FALSE(reading.contains(order.shard));
        reading[order.shard] = unsaved_[order.shard] = order.position;
        starts[order.shard] = order.otherwise;
      } else if (reading.contains(order.shard)) {
        leases_->OnStopped(order.shard, reading[order.shard]);
        reading.erase(order.shard);
      }
    }
  }
  /// Delivers `count` records; with `last`, the shard ends there.
  void Deliver(const std::string& shard, uint64_t count, bool last = false) {
    KinesisPosition& position = reading.at(shard);
    for (uint64_t i = 0; i < count; ++i) unsaved_rows_[shard].push_back(position.records++);
    if (count > 0) position.sequence = std::to_string(position.records);
    position.done = last;
    unsaved_[shard] = position;
    if (last) reading.erase(shard);
  }
  /// Everything that was delivered is in bronze.
  void Commit() {
    for (const auto& [shard, position] : unsaved_) {
      bronze[shard] = position;
      leases_->OnCommitted(shard, position);
    }
    unsaved_.clear();
    for (const auto& [shard, numbers] : unsaved_rows_) {
      rows[shard].insert(rows[shard].end(), numbers.begin(), numbers.end());
    }
    unsaved_rows_.clear();
  }
  /// SIGTERM.
  void Stop() {
    Commit();
    leases_->ReleaseAll(reading);
    Kill();
  }
  void Kill() {
    leases_ = nullptr;
    reading.clear();
    unsaved_.clear();
    unsaved_rows_.clear();
  }
  /// The bronze of this process as others find it.
  Positions Published() const {
    Positions positions;
    for (const auto& [shard, position] : bronze) {
      positions[KinesisPositionKey("kinesis", "readings", shard)] = EncodeKinesisPosition(position);
    }
    return positions;
  }
  const std::string& id() const { return id_; }

 private:
  const std::string id_;
  FakeLeaseTable* const table_;
  Env* const env_;
  std::map<std::string, KinesisPosition> unsaved_;
  Rows unsaved_rows_;
  std::unique_ptr<KinesisLeases> leases_;
};

}  // namespace avocet
