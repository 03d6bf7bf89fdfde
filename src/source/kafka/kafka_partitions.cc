#include "src/source/kafka/kafka_partitions.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "src/base/json_writer.h"
#include "src/source/position_text.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kClaimAgain{250};
// A member that joins gets nothing at first: others have to let go.
constexpr milliseconds kNothingForMe{15'000};
constexpr milliseconds kReleaseAgain{1000};
// The group shares out anew when a process has let go. What is committed meanwhile may come under
// the old generation, for which librdkafka before 2.6.1 gives up every partition.
constexpr milliseconds kSharingOut{5000};
// How long the end of the program waits for the group to take note.
constexpr milliseconds kLastWords{3000};

std::string PositionOf(int64_t offset) {
  JsonWriter json;
  return json.BeginObject().Field("offset", offset).EndObject().Take();
}

Result<int64_t> OffsetIn(const std::string& position) {
  AVOCET_ASSIGN_OR_RETURN(const PositionText text, PositionText::Parse(position));
  if (!text.Has("offset")) return Status::Corrupt("the position has no offset: " + position);
  return static_cast<int64_t>(text.Unsigned("offset"));
}

// The partition in "topic/0"; topics have no slash.
std::optional<KafkaPartition> ParsePartition(const std::string& text) {
  const size_t slash = text.rfind('/');
  if (slash == text.npos || slash + 1 == text.size() ||
      text.find_first_not_of("0123456789", slash + 1) != text.npos || text.size() - slash > 10) {
    return std::nullopt;
  }
  return KafkaPartition{text.substr(0, slash), std::stoi(text.substr(slash + 1))};
}

}  // namespace

KafkaPartitions::KafkaPartitions(const KafkaSourceConfig& config, std::string name, Env* env,
                                 PeerLakes* peers)
    : config_(config), name_(std::move(name)), env_(env), peers_(peers) {}

Status KafkaPartitions::Load(const Positions& committed) {
  for (const auto& [key, position] : committed) {
    const auto partition = ParsePartition(key.substr(name_.size() + 1));
    if (!partition) return Status::Corrupt("the position of \"" + key + "\" names no partition");
    AVOCET_ASSIGN_OR_RETURN(const int64_t offset, OffsetIn(position));
    State& state = partitions_[*partition];
    state.next = state.durable = offset;
  }
  return Status::Ok();
}

std::vector<KafkaPartition> KafkaPartitions::With(Hold hold) const {
  std::vector<KafkaPartition> found;
  for (const auto& [partition, state] : partitions_) {
    if (state.hold == hold) found.push_back(partition);
  }
  return found;
}

void KafkaPartitions::OnAssigned(const std::vector<KafkaPartition>& partitions) {
  member_ = true;
  assigned_at_ = env_->Monotonic();
  for (const KafkaPartition& partition : partitions) {
    State& state = partitions_[partition];
    state.hold = Hold::kClaiming;
    state.at_end = false;
    state.waiting_since = std::chrono::nanoseconds(-1);
  }
  claim_at_ = std::chrono::nanoseconds(0);
}

void KafkaPartitions::OnRevoked(const std::vector<KafkaPartition>& partitions, bool lost) {
  for (const KafkaPartition& partition : partitions) {
    State& state = partitions_[partition];
    state.hold = lost || closing_ ? Hold::kNone : Hold::kLeaving;
    state.waiting_for.clear();
    commit_request_ = commit_request_ || state.durable < state.next;
  }
  if (lost) member_ = false;
  if (lost && !closing_) {
    spdlog::warn(
        "the Kafka group {} has given {} partitions to others, because it heard nothing "
        "from here; they wait until what was read of them is committed",
        config_.group, partitions.size());
  }
  if (!lost && !closing_) return;
  const Status released = consumer_->Release(partitions);
  if (!released.ok()) claim_problem_ = released.message();
}

void KafkaPartitions::OnEnd(const KafkaPartition& partition, int64_t offset) {
  State& state = partitions_[partition];
  if (state.hold == Hold::kReading && state.next >= offset) state.at_end = true;
}

void KafkaPartitions::OnOutOfRange(const KafkaPartition& partition, int64_t offset) {
  State& state = partitions_[partition];
  if (state.hold != Hold::kReading || state.next != offset) return;
  state.hold = Hold::kClaiming;
  state.out_of_range = true;
}

bool KafkaPartitions::Take(const KafkaPartition& partition, int64_t offset) {
  const auto at = partitions_.find(partition);
  if (at == partitions_.end() || closing_) return false;
  State& state = at->second;
  if (state.hold != Hold::kReading || offset < state.next) return false;
  state.next = offset + 1;
  state.at_end = false;
  state.changed = true;
  return true;
}

void KafkaPartitions::Advance() {
  if (commit_ || Leave()) return;
  Claim();
  // Before the group has taken it in, or again, whatever a process commits is refused, and makes it
  // join once more.
  if (!commit_ && member_) FindOldClaims();
  if (!commit_ && member_) ReleaseStale();
  if (!commit_ && tell_ && env_->Monotonic() >= tell_at_) Tell();
}

void KafkaPartitions::Claim() {
  const std::vector<KafkaPartition> partitions = With(Hold::kClaiming);
  if (partitions.empty() || env_->Monotonic() < claim_at_) return;
  for (const KafkaPartition& partition : partitions) partitions_[partition].peer = nullptr;
  const auto groups = consumer_->Committed(partitions);
  claim_at_ = env_->Monotonic() + kClaimAgain;
  claim_problem_ = groups.ok() ? "" : groups.status().message();
  if (!groups.ok()) return;
  std::vector<KafkaPartition> ready;
  for (const KafkaOffset& group : *groups) {
    if (!group.ok) continue;
    const auto decided = Decide(group, &partitions_[group.partition]);
    if (!decided.ok()) {
      claim_problem_ = decided.status().message();
    } else if (*decided) {
      ready.push_back(group.partition);
    }
  }
  peers_seen_.clear();
  if (!ready.empty()) Commit(Purpose::kClaim, ready);
}

Result<bool> KafkaPartitions::Decide(const KafkaOffset& group, State* state) {
  const KafkaPartition& partition = group.partition;
  if (state->out_of_range) {
    AVOCET_ASSIGN_OR_RETURN(state->start, AfterGap(partition, *state));
    return true;
  }
  KafkaKnowledge known{
      .own = state->next, .group = group.offset, .claim = ParseLakeClaim(group.metadata)};
  if (known.claim && !known.claim->from.empty()) {
    AVOCET_ASSIGN_OR_RETURN(known.from, OffsetIn(known.claim->from));
  }
  const bool others = known.claim && known.claim->lake.table_id != peers_->self().table_id;
  if (others && !known.claim->released && !AskPeer(partition, &known, state)) return false;
  state->waiting_for.clear();
  state->start = NextKafkaOffset(known, peers_->self());
  if (state->start >= 0) return true;
  AVOCET_ASSIGN_OR_RETURN(state->start, FirstOffset(partition));
  return true;
}

bool KafkaPartitions::AskPeer(const KafkaPartition& partition, KafkaKnowledge* known,
                              State* state) {
  const LakeAddress& lake = known->claim->lake;
  std::shared_ptr<PeerLake>& peer = peers_seen_[lake.table_id];
  if (peer == nullptr) peer = std::make_shared<PeerLake>(peers_->Inspect(lake));
  if (peer->state == PeerLake::State::kStopped) {
    state->peer = peer;
    const auto at = peer->positions.find(known->claim->source + "/" + partition.Text());
    if (at == peer->positions.end()) return true;
    const auto offset = OffsetIn(at->second);
    if (offset.ok()) {
      known->peer = *offset;
      return true;
    }
    state->waiting_for = offset.status().message();
    return false;
  }
  const auto now = env_->Monotonic();
  if (state->waiting_since.count() < 0) state->waiting_since = now;
  const bool expired = config_.handover_timeout.count() > 0 &&
                       now - state->waiting_since >= config_.handover_timeout;
  if (peer->state == PeerLake::State::kGone || expired) {
    spdlog::warn(
        "{} belonged to the lake {} on {}: {}; it is read on from where the Kafka group "
        "{} is, at {}, which that lake may have got beyond",
        partition.Text(), lake.lake, lake.host, peer->reason, config_.group, known->group);
    return true;
  }
  state->waiting_for = "the lake " + lake.lake + " on " + lake.host + ": " + peer->reason;
  return false;
}

Result<int64_t> KafkaPartitions::FirstOffset(const KafkaPartition& partition) {
  if (config_.start_time_us > 0) {
    return consumer_->OffsetOfTime(partition, config_.start_time_us / 1000);
  }
  AVOCET_ASSIGN_OR_RETURN(const KafkaWatermarks marks, consumer_->Watermarks(partition));
  return config_.start == "latest" ? marks.high : marks.low;
}

Result<int64_t> KafkaPartitions::AfterGap(const KafkaPartition& partition, const State& state) {
  AVOCET_ASSIGN_OR_RETURN(const KafkaWatermarks marks, consumer_->Watermarks(partition));
  if (state.next < marks.low) {
    spdlog::error("records {} to {} of {} are lost: Kafka has removed them before they were read",
                  state.next, marks.low - 1, partition.Text());
  } else {
    spdlog::error(
        "{} ends at {}, before offset {} that was to be read next: it was created anew, "
        "or has lost records; it is read from its beginning",
        partition.Text(), marks.high, state.next);
  }
  return marks.low;
}

bool KafkaPartitions::Commit(Purpose purpose, const std::vector<KafkaPartition>& partitions) {
  LakeClaim claim{.released = purpose == Purpose::kRelease,
                  .source = name_,
                  .lake = peers_->self(),
                  .from = {}};
  std::vector<KafkaOffset> offsets;
  for (const KafkaPartition& partition : partitions) {
    const State& state = partitions_[partition];
    const int64_t from = purpose == Purpose::kClaim ? state.start : state.from;
    claim.from = from < 0 ? std::string() : PositionOf(from);
    offsets.push_back({.partition = partition,
                       .offset = purpose == Purpose::kClaim ? state.start : state.durable,
                       .metadata = EncodeLakeClaim(claim)});
  }
  const Status sent = consumer_->Commit(offsets);
  if (!sent.ok()) {
    claim_problem_ = sent.message();
    return false;
  }
  commit_ = purpose;
  return true;
}

void KafkaPartitions::OnAnswers(const std::vector<KafkaOffset>& answers) {
  if (!commit_) return;
  const Purpose purpose = *std::exchange(commit_, std::nullopt);
  if (purpose == Purpose::kClaim) return OnClaimed(answers);
  for (const KafkaOffset& answer : answers) {
    if (!answer.ok) continue;
    State& state = partitions_[answer.partition];
    state.told = answer.offset;
    if (purpose == Purpose::kRelease) state.claimed = false;
  }
  // What the group did not take note of is said again when it is nobody's.
  if (purpose == Purpose::kRelease) LetGo();
}

void KafkaPartitions::OnClaimed(const std::vector<KafkaOffset>& answers) {
  std::vector<KafkaOffset> places;
  for (const KafkaOffset& answer : answers) {
    State& state = partitions_[answer.partition];
    state.peer = nullptr;
    if (!answer.ok) continue;
    state.claimed = true;
    state.told = state.from = answer.offset;
    if (state.next != answer.offset) {
      state.next = state.durable = answer.offset;
      state.changed = true;
    }
    if (state.hold == Hold::kClaiming) {
      places.push_back({.partition = answer.partition, .offset = answer.offset});
    }
  }
  if (!places.empty()) StartReading(places);
}

void KafkaPartitions::StartReading(const std::vector<KafkaOffset>& places) {
  const Status started = consumer_->Read(places);
  if (!started.ok()) {
    claim_problem_ = started.message();
    return;
  }
  for (const KafkaOffset& place : places) {
    State& state = partitions_[place.partition];
    state.hold = Hold::kReading;
    state.out_of_range = state.at_end = false;
  }
}

// Whether partitions are on their way out; nothing else is done before they are.
bool KafkaPartitions::Leave() {
  std::vector<KafkaPartition> claimed;
  bool any = false;
  for (const auto& [partition, state] : partitions_) {
    if (state.hold != Hold::kLeaving) continue;
    any = true;
    if (state.durable < state.next) return true;
    if (state.claimed) claimed.push_back(partition);
  }
  if (!any) return false;
  if (claimed.empty() || !Commit(Purpose::kRelease, claimed)) LetGo();
  return true;
}

void KafkaPartitions::LetGo() {
  std::vector<KafkaPartition> done;
  for (auto& [partition, state] : partitions_) {
    if (state.hold != Hold::kLeaving) continue;
    state.hold = Hold::kNone;
    done.push_back(partition);
  }
  if (done.empty()) return;
  tell_at_ = env_->Monotonic() + kSharingOut;
  const Status released = consumer_->Release(done);
  if (!released.ok()) claim_problem_ = released.message();
}

// Claims of an earlier run of this process, which was killed: nobody else can release them while
// this one holds the lake.
void KafkaPartitions::FindOldClaims() {
  if (old_claims_known_ || env_->Monotonic() < release_at_) return;
  release_at_ = env_->Monotonic() + kReleaseAgain;
  const auto subscribed = consumer_->SubscribedPartitions();
  if (!subscribed.ok()) return;
  std::vector<KafkaPartition> foreign;
  for (const KafkaPartition& partition : *subscribed) {
    const auto at = partitions_.find(partition);
    if (at == partitions_.end() || at->second.hold == Hold::kNone) foreign.push_back(partition);
  }
  old_claims_known_ = true;
  if (foreign.empty()) return;
  const auto groups = consumer_->Committed(foreign);
  old_claims_known_ = groups.ok();
  if (!groups.ok()) return;
  for (const KafkaOffset& group : *groups) {
    if (!group.ok || !HasSaid(group)) continue;
    State& state = partitions_[group.partition];
    state.claimed = true;
    if (state.next < 0) state.next = state.durable = group.offset;
  }
  release_at_ = std::chrono::nanoseconds(0);
}

bool KafkaPartitions::HasSaid(const KafkaOffset& group) const {
  const auto claim = ParseLakeClaim(group.metadata);
  return claim && !claim->released && claim->source == name_ &&
         claim->lake.table_id == peers_->self().table_id;
}

void KafkaPartitions::ReleaseStale() {
  std::vector<KafkaPartition> stale;
  for (const auto& [partition, state] : partitions_) {
    if (state.hold == Hold::kNone && state.claimed && state.durable == state.next) {
      stale.push_back(partition);
    }
  }
  if (stale.empty() || env_->Monotonic() < release_at_) return;
  release_at_ = env_->Monotonic() + kReleaseAgain;
  const auto groups = consumer_->Committed(stale);
  if (!groups.ok()) return;
  std::vector<KafkaPartition> ours;
  for (const KafkaOffset& group : *groups) {
    if (!group.ok) continue;
    if (HasSaid(group)) {
      ours.push_back(group.partition);
    } else {
      partitions_[group.partition].claimed = false;
    }
  }
  if (!ours.empty()) Commit(Purpose::kRelease, ours);
}

void KafkaPartitions::Tell() {
  tell_ = false;
  std::vector<KafkaPartition> news;
  for (const auto& [partition, state] : partitions_) {
    if (state.hold == Hold::kReading && state.claimed && state.durable > state.told) {
      news.push_back(partition);
    }
  }
  if (!news.empty()) Commit(Purpose::kTell, news);
}

void KafkaPartitions::OnCommitted(const Positions& positions) {
  for (auto& [partition, state] : partitions_) {
    const auto at = positions.find(Key(partition));
    if (at == positions.end()) continue;
    const auto offset = OffsetIn(at->second);
    if (!offset.ok() || *offset <= state.durable) continue;
    state.durable = std::min(*offset, state.next);
    tell_ = true;
  }
}

bool KafkaPartitions::TakeCommitRequest() { return std::exchange(commit_request_, false); }

void KafkaPartitions::ReleaseAll() {
  closing_ = true;
  TellOfReleases();
  // The group waits for what it has taken away, and leaving it for the group.
  LetGo();
}

void KafkaPartitions::TellOfReleases() {
  const auto deadline = env_->Monotonic() + kLastWords;
  const auto wait_for_answer = [&] {
    while (commit_ && env_->Monotonic() < deadline) {
      if (!consumer_->Poll(milliseconds(20)).ok()) return;
    }
  };
  wait_for_answer();
  std::vector<KafkaPartition> done;
  for (const auto& [partition, state] : partitions_) {
    if (state.claimed && state.durable == state.next) done.push_back(partition);
  }
  if (commit_ || done.empty() || !Commit(Purpose::kRelease, done)) return;
  wait_for_answer();
}

void KafkaPartitions::AddChanged(Positions* out) {
  for (auto& [partition, state] : partitions_) {
    if (!std::exchange(state.changed, false)) continue;
    out->insert_or_assign(Key(partition), PositionOf(state.next));
  }
}

void KafkaPartitions::AddAll(Positions* out) const {
  for (const auto& [partition, state] : partitions_) {
    if (state.next >= 0) out->insert_or_assign(Key(partition), PositionOf(state.next));
  }
}

bool KafkaPartitions::all_at_end() const {
  bool any = false;
  for (const auto& [partition, state] : partitions_) {
    if (state.hold == Hold::kNone) continue;
    if (state.hold != Hold::kReading || !state.at_end) return false;
    any = true;
  }
  return any || (member_ && env_->Monotonic() - assigned_at_ >= kNothingForMe);
}

uint64_t KafkaPartitions::Lag() const {
  uint64_t lag = 0;
  for (const auto& [partition, state] : partitions_) {
    if (state.hold != Hold::kReading) continue;
    const int64_t high = consumer_->KnownWatermarks(partition).high;
    if (high > state.next) lag += static_cast<uint64_t>(high - state.next);
  }
  return lag;
}

std::string KafkaPartitions::problem() const {
  for (const auto& [partition, state] : partitions_) {
    if (state.waiting_for.empty() || state.hold != Hold::kClaiming) continue;
    return partition.Text() + " waits for " + state.waiting_for;
  }
  return claim_problem_;
}

}  // namespace avocet
