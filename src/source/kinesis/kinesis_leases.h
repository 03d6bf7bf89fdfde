// KinesisLeases: which shards of a shared stream this process reads, and from where on.
//
// A shard goes through these states in this process:
//
//   its lease is taken   -> waiting: find out where to go on; wait for the lake of the former owner
//   claim is written     -> reading
//   lease lost or over   -> stopping: wait until what was read is in bronze, then say "released"
//   released             -> nobody's; a claim of an earlier run is released as soon as it is seen
//
// A lease says who reads, and may be lost at any time; a claim says whose bronze table has the
// newest rows, and only its lake gives it up, or somebody who holds the lock of that lake. So no
// clock decides whether a record is read twice. See docs/design/0016.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/source/kinesis/kinesis_lease_table.h"
#include "src/source/peer_lakes.h"

namespace avocet {

struct KinesisLeaseOptions {
  std::string source;  ///< its name
  std::string stream;
  std::string table;
  std::chrono::nanoseconds duration{0};          ///< without renewal a lease is free after that
  std::chrono::nanoseconds handover_timeout{0};  ///< 0: for ever
  KinesisStart start;                            ///< of shards that nobody has read
  std::map<std::string, std::string> first_sequences;  ///< by shard, instead of `start`
};

/// One thread, that of the source, calls what stands under Source, and another one Advance and
/// ReleaseAll, which block.
class KinesisLeases {
 public:
  /// Borrows `env` and `peers`.
  KinesisLeases(KinesisLeaseOptions options, std::unique_ptr<KinesisLeaseTable> table, Env* env,
                PeerLakes* peers);

  // Source.
  /// The positions in this lake's bronze, by shard. Before anything else.
  void Load(const std::map<std::string, KinesisPosition>& in_bronze);
  /// All shards of the stream, as they were last listed.
  void OnShards(const std::vector<KinesisShard>& shards);
  /// The position is in bronze. True when somebody waits for it: Advance soon.
  bool OnCommitted(const std::string& shard, const KinesisPosition& position);
  /// Nothing of the shard will be delivered after `position`, as was ordered.
  void OnStopped(const std::string& shard, const KinesisPosition& position);

  struct Order {
    std::string shard;
    bool read = false;         ///< or stop reading
    KinesisPosition position;  ///< to read from
    KinesisStart otherwise;    ///< when the position is empty
  };
  /// What to do, in this order. Also sees to leases that are over.
  std::vector<Order> TakeOrders();

  /// Why leases cannot be looked after at the moment.
  Status status() const;
  /// An error that trying again does not mend.
  Status failure() const;
  /// One sentence for the health of the source; empty: all is well.
  std::string problem() const;
  size_t num_reading() const;
  /// Every shard that can be read is, here or elsewhere, and nothing is on its way.
  bool settled() const;

  // The other thread.
  /// Renews, claims, releases and takes what is due; returns the time until it is to be called
  /// again.
  std::chrono::nanoseconds Advance();
  /// Instead of the last Advance: gives away what is in bronze to its last record. `delivered` has
  /// the shards that were read to the end of the program. Tries once.
  void ReleaseAll(const std::map<std::string, KinesisPosition>& delivered);
  /// From any thread.
  void Cancel() { table_->Cancel(); }

 private:
  enum class Hold : uint8_t { kNone, kWaiting, kReading, kStopping };
  struct Shard {
    Hold hold = Hold::kNone;
    std::optional<KinesisPosition> durable;    // in bronze of this lake
    std::optional<KinesisPosition> delivered;  // at the end; empty: it is being delivered
    std::chrono::nanoseconds valid_until{0};   // the lease
    std::chrono::nanoseconds waiting_since{0};
    std::string waiting_for;  // one clause; empty: nothing
    int64_t counter = -1;     // newest, and when it was first seen
    std::chrono::nanoseconds counter_at{0};

    bool all_durable() const { return delivered.has_value() && durable == delivered; }
  };
  using Leases = std::map<std::string, KinesisLease>;

  Status Look();
  Status CheckStream(const Leases& leases);
  std::set<std::string> Observe(const Leases& leases);
  Status Tend(KinesisLease* lease);
  Status TendReading(KinesisLease* lease);
  Status TendStopping(KinesisLease* lease);
  Status Claim(KinesisLease* lease);
  /// Nothing while the former owner has to be waited for.
  Result<std::optional<KinesisPosition>> FindPlace(const KinesisLease& lease);
  Result<std::optional<KinesisPosition>> AskPeer(const KinesisLease& lease);
  Status Renew(KinesisLease* lease);
  Status Release(KinesisLease* lease, const KinesisPosition& position);
  Status End(KinesisLease* lease, const KinesisPosition& position);
  Status Forget(const KinesisLease& lease);
  Status CreateMissing(Leases* leases);
  KinesisLease NewLease(const KinesisShard& shard) const;
  Status Take(Leases* leases, const std::set<std::string>& free);
  Status Write(KinesisLease next, KinesisLease* lease);
  void NoteProblem(const Status& status);
  void Settle(const Leases& leases, const std::set<std::string>& free);

  std::optional<KinesisPosition> LastPlace(const std::string& shard,
                                           const std::map<std::string, KinesisPosition>& delivered);
  void LetGo(const std::string& shard);
  void LetGoLocked(const std::string& shard);
  bool HasGone(const std::string& shard) const;
  bool IsOurs(const std::optional<LakeClaim>& claim) const;
  LakeClaim OwnClaim(bool released, const KinesisPosition& from) const;
  KinesisStart StartOf(const KinesisLease& lease) const;
  std::string PositionKey(const std::string& source, const std::string& shard) const;

  const KinesisLeaseOptions options_;
  const std::unique_ptr<KinesisLeaseTable> table_;
  Env* const env_;
  PeerLakes* const peers_;
  const std::string worker_;

  // Of the thread that advances.
  bool prepared_ = false;
  bool again_soon_ = false;  // something is on its way
  std::chrono::nanoseconds pause_{0};
  std::map<std::string, std::shared_ptr<PeerLake>> peers_seen_;  // by table; during Look

  mutable std::mutex mutex_;
  // All of these are guarded by mutex_. Only the thread that advances puts a shard into another
  // state, but for leases that are over.
  std::map<std::string, Shard> shards_;
  std::map<std::string, KinesisShard> listed_;
  std::vector<Order> orders_;
  Status status_;
  Status failure_;
  std::string lost_;
  bool settled_ = false;
};

}  // namespace avocet
