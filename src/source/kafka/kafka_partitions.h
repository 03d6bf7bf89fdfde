// KafkaPartitions: who has which partition of a consumer group, and how far each has been read.
//
// A partition goes through these states in this process:
//
//   assigned by the group -> claiming: find out where to go on; wait for the former owner
//   claim is committed    -> reading
//   revoked by the group  -> leaving: wait until what was read is in bronze, then say "released"
//   released, or lost     -> nobody's; a claim that is still ours is released as soon as it can be
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"
#include "src/model/positions.h"
#include "src/source/kafka/kafka_claim.h"
#include "src/source/kafka/kafka_consumer.h"
#include "src/source/peer_lakes.h"

namespace avocet {

/// Owned by one thread.
class KafkaPartitions {
 public:
  /// `name` is that of the source. Everything else is borrowed.
  KafkaPartitions(const KafkaSourceConfig& config, std::string name, Env* env, PeerLakes* peers);

  /// kCorrupt when a position cannot be read.
  Status Load(const Positions& committed);
  /// Before anything below.
  void set_consumer(KafkaConsumer* consumer) { consumer_ = consumer; }

  // What the group and the cluster say.
  void OnAssigned(const std::vector<KafkaPartition>& partitions);
  /// See KafkaConsumer::Listener.
  void OnRevoked(const std::vector<KafkaPartition>& partitions, bool lost);
  void OnAnswers(const std::vector<KafkaOffset>& answers);
  void OnEnd(const KafkaPartition& partition, int64_t offset);
  void OnOutOfRange(const KafkaPartition& partition, int64_t offset);

  /// Whether a message of the partition is to be delivered; then it is counted as delivered.
  bool Take(const KafkaPartition& partition, int64_t offset);

  /// Does what is due: claims, releases, commits.
  void Advance();
  /// As Source::Committed.
  void OnCommitted(const Positions& positions);
  /// Bronze should be committed now: others wait for it. Tells once.
  bool TakeCommitRequest();
  /// Says to the group that what is in bronze was read and that nothing will follow; bounded time.
  void ReleaseAll();

  void AddChanged(Positions* out);
  void AddAll(Positions* out) const;
  /// Everything that is assigned has been read to its end; or nothing is, and has not been for a
  /// while: others have it all.
  bool all_at_end() const;
  uint64_t Lag() const;
  /// What is waited for; empty: nothing.
  std::string problem() const;

 private:
  enum class Hold : uint8_t { kNone, kClaiming, kReading, kLeaving };
  struct State {
    Hold hold = Hold::kNone;
    int64_t next = -1;     // offset after what was delivered
    int64_t durable = -1;  // offset after what is in bronze
    int64_t start = -1;    // where the claim in work begins
    int64_t from = -1;     // where the claim that was committed began
    int64_t told = -1;     // the group's offset, as this process has committed it
    bool claimed = false;  // the group's offset says that it is ours
    bool at_end = false;
    bool changed = false;
    bool out_of_range = false;
    std::chrono::nanoseconds waiting_since{-1};
    std::string waiting_for;         // one clause; empty: nothing
    std::shared_ptr<PeerLake> peer;  // the former owner, locked until our claim is committed
  };
  enum class Purpose : uint8_t { kClaim, kRelease, kTell };

  std::string Key(const KafkaPartition& partition) const { return name_ + "/" + partition.Text(); }
  std::vector<KafkaPartition> With(Hold hold) const;
  void Claim();
  /// Sets `state->start`; false when it has to be tried again.
  Result<bool> Decide(const KafkaOffset& group, State* state);
  bool HasSaid(const KafkaOffset& group) const;
  bool AskPeer(const KafkaPartition& partition, KafkaKnowledge* known, State* state);
  Result<int64_t> FirstOffset(const KafkaPartition& partition);
  Result<int64_t> AfterGap(const KafkaPartition& partition, const State& state);
  void OnClaimed(const std::vector<KafkaOffset>& answers);
  void StartReading(const std::vector<KafkaOffset>& places);
  bool Leave();
  void LetGo();
  void TellOfReleases();
  void ReleaseStale();
  void FindOldClaims();
  void Tell();
  bool Commit(Purpose purpose, const std::vector<KafkaPartition>& partitions);

  const KafkaSourceConfig config_;
  const std::string name_;
  Env* const env_;
  PeerLakes* const peers_;
  KafkaConsumer* consumer_ = nullptr;
  std::map<KafkaPartition, State> partitions_;
  std::optional<Purpose> commit_;  // in flight
  bool member_ = false;            // of the group, as far as it has said
  std::chrono::nanoseconds assigned_at_{0};
  bool old_claims_known_ = false;
  bool commit_request_ = false;
  bool tell_ = false;
  std::chrono::nanoseconds tell_at_{0};
  std::chrono::nanoseconds claim_at_{0};
  std::chrono::nanoseconds release_at_{0};
  std::string claim_problem_;
  std::map<std::string, std::shared_ptr<PeerLake>> peers_seen_;  // by table; during Claim
  bool closing_ = false;
};

}  // namespace avocet
