#include "src/source/kinesis/kinesis_leases.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "src/env/retry_pause.h"
#include "src/source/kinesis/kinesis_lease_balance.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kSoon{250};
constexpr milliseconds kFirstPause{200};

std::string OwnWorker(const PeerLakes& peers, const std::string& source) {
  return peers.self().host + ":" + peers.self().table_id + ":" + source;
}

}  // namespace

KinesisLeases::KinesisLeases(KinesisLeaseOptions options, std::unique_ptr<KinesisLeaseTable> table,
                             Env* env, PeerLakes* peers)
    : options_(std::move(options)),
      table_(std::move(table)),
      env_(env),
      peers_(peers),
      worker_(OwnWorker(*peers, options_.source)) {}

void KinesisLeases::Load(const std::map<std::string, KinesisPosition>& in_bronze) {
  const std::lock_guard lock(mutex_);
  for (const auto& [shard, position] : in_bronze) shards_[shard].durable = position;
}

void KinesisLeases::OnShards(const std::vector<KinesisShard>& shards) {
  const std::lock_guard lock(mutex_);
  listed_.clear();
  for (const KinesisShard& shard : shards) listed_[shard.id] = shard;
}

bool KinesisLeases::OnCommitted(const std::string& shard, const KinesisPosition& position) {
  const std::lock_guard lock(mutex_);
  Shard& state = shards_[shard];
  state.durable = position;
  return position.done || state.hold == Hold::kStopping;
}

void KinesisLeases::OnStopped(const std::string& shard, const KinesisPosition& position) {
  const std::lock_guard lock(mutex_);
  Shard& state = shards_[shard];
  state.hold = Hold::kStopping;
  state.delivered = position;
}

std::vector<KinesisLeases::Order> KinesisLeases::TakeOrders() {
  const std::lock_guard lock(mutex_);
  const nanoseconds now = env_->Monotonic();
  for (auto& [id, state] : shards_) {
    if (state.hold != Hold::kReading || state.valid_until > now) continue;
    spdlog::warn("the lease of shard {} could not be renewed in time: reading it is stopped", id);
    state.hold = Hold::kStopping;
    orders_.push_back({.shard = id});
  }
  return std::exchange(orders_, {});
}

Status KinesisLeases::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

Status KinesisLeases::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

std::string KinesisLeases::problem() const {
  const std::lock_guard lock(mutex_);
  if (!status_.ok()) return status_.message();
  for (const auto& [id, state] : shards_) {
    if (state.hold == Hold::kWaiting && !state.waiting_for.empty()) {
      return "shard " + id + " waits for " + state.waiting_for;
    }
  }
  return lost_;
}

size_t KinesisLeases::num_reading() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count_if(shards_.begin(), shards_.end(), [](const auto& entry) {
    return entry.second.hold == Hold::kReading;
  }));
}

bool KinesisLeases::settled() const {
  const std::lock_guard lock(mutex_);
  return settled_;
}

nanoseconds KinesisLeases::Advance() {
  again_soon_ = false;
  const Status looked = Look();
  peers_seen_.clear();
  NoteProblem(looked);
  const nanoseconds renewal = options_.duration / 3;
  if (!looked.ok()) return NextRetryPause({kFirstPause, renewal}, env_, &pause_);
  pause_ = nanoseconds(0);
  return again_soon_ ? std::min<nanoseconds>(kSoon, renewal) : renewal;
}

void KinesisLeases::NoteProblem(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (status.code() == StatusCode::kCancelled) return;
  status_ = status.ok() ? status : status.WithContext("the table of leases " + options_.table);
  if (!status.ok()) settled_ = false;
  if (status.code() == StatusCode::kConfig) failure_ = status_;
}

Status KinesisLeases::Look() {
  if (!prepared_) AVOCET_RETURN_IF_ERROR(table_->Prepare());
  prepared_ = true;
  AVOCET_ASSIGN_OR_RETURN(const std::vector<KinesisLease> listed, table_->List());
  Leases leases;
  for (const KinesisLease& lease : listed) leases[lease.shard] = lease;
  AVOCET_RETURN_IF_ERROR(CheckStream(leases));
  const std::set<std::string> free = Observe(leases);
  for (auto& [shard, lease] : leases) AVOCET_RETURN_IF_ERROR(Tend(&lease));
  AVOCET_RETURN_IF_ERROR(CreateMissing(&leases));
  AVOCET_RETURN_IF_ERROR(Take(&leases, free));
  Settle(leases, free);
  return Status::Ok();
}

// Shards of all streams have the same names.
Status KinesisLeases::CheckStream(const Leases& leases) {
  for (const auto& [shard, lease] : leases) {
    if (lease.stream.empty() || lease.stream == options_.stream) continue;
    return Status::Config("it is that of the stream " + lease.stream + ", not of " +
                          options_.stream + ": each stream needs one of its own");
  }
  return Status::Ok();
}

// Notes which counters have moved, and returns the shards whose leases stand still or are nobody's.
// Clocks are not compared: each process watches the counter for as long as a lease lasts.
std::set<std::string> KinesisLeases::Observe(const Leases& leases) {
  const std::lock_guard lock(mutex_);
  const nanoseconds now = env_->Monotonic();
  std::set<std::string> free;
  for (const auto& [shard, lease] : leases) {
    Shard& state = shards_[shard];
    if (lease.counter != state.counter) {
      state.counter = lease.counter;
      state.counter_at = now;
    }
    const bool stands_still = now - state.counter_at > options_.duration;
    if (lease.position.done) continue;
    if (lease.owner.empty() || (lease.owner != worker_ && stands_still)) free.insert(shard);
  }
  // The lease is gone, and with it the claim: somebody has emptied the table.
  for (auto& [id, state] : shards_) {
    if (!leases.contains(id)) LetGoLocked(id);
  }
  return free;
}

Status KinesisLeases::Write(KinesisLease next, KinesisLease* lease) {
  next.counter = lease->counter + 1;
  const nanoseconds asked = env_->Monotonic();
  AVOCET_RETURN_IF_ERROR(table_->Change(next, lease->counter));
  *lease = std::move(next);
  const std::lock_guard lock(mutex_);
  Shard& state = shards_[lease->shard];
  state.counter = lease->counter;
  state.counter_at = env_->Monotonic();
  if (lease->owner == worker_) state.valid_until = asked + options_.duration;
  return Status::Ok();
}

// What has to be done about one lease. A conflict means that somebody else was quicker: the next
// look will show.
Status KinesisLeases::Tend(KinesisLease* lease) {
  Hold hold = Hold::kNone;
  std::optional<KinesisPosition> durable;
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    gone = HasGone(lease->shard);
    hold = shards_[lease->shard].hold;
    durable = shards_[lease->shard].durable;
  }
  Status done;
  const bool claimed_here = IsOurs(lease->claim) && !lease->claim->released;
  if (gone) {
    done = Forget(*lease);
  } else if (lease->position.done) {
    LetGo(lease->shard);
  } else if (claimed_here && durable && durable->done) {
    done = End(lease, *durable);
  } else if (hold == Hold::kReading) {
    done = TendReading(lease);
  } else if (hold == Hold::kStopping) {
    done = TendStopping(lease);
  } else if (lease->owner == worker_) {
    done = Claim(lease);
  } else if (claimed_here) {
    // Of an earlier run, which was killed: while this process has the lake, nobody else can tell.
    auto place = FindPlace(*lease);
    done = place.ok() ? Release(lease, **place) : place.status();
  } else if (hold == Hold::kWaiting) {
    LetGo(lease->shard);
  }
  if (done.code() != StatusCode::kConflict) return done;
  again_soon_ = true;
  return Status::Ok();
}

Status KinesisLeases::TendReading(KinesisLease* lease) {
  const bool claimed_here = IsOurs(lease->claim) && !lease->claim->released;
  if (lease->owner == worker_ && claimed_here) return Renew(lease);
  spdlog::info("shard {} goes to another process: {}", lease->shard, lease->owner);
  LetGo(lease->shard);
  again_soon_ = true;
  return Status::Ok();
}

Status KinesisLeases::TendStopping(KinesisLease* lease) {
  std::optional<KinesisPosition> last;
  {
    const std::lock_guard lock(mutex_);
    Shard& state = shards_[lease->shard];
    if (state.all_durable()) {
      last = state.durable;
      state.hold = Hold::kNone;
      state.delivered.reset();
    }
  }
  again_soon_ = true;
  if (lease->owner == worker_) return last ? Claim(lease) : Renew(lease);
  const bool claimed_here = IsOurs(lease->claim) && !lease->claim->released;
  return last && claimed_here ? Release(lease, *last) : Status::Ok();
}

Status KinesisLeases::Claim(KinesisLease* lease) {
  {
    const std::lock_guard lock(mutex_);
    Shard& state = shards_[lease->shard];
    if (state.hold != Hold::kWaiting) state.waiting_since = env_->Monotonic();
    state.hold = Hold::kWaiting;
  }
  AVOCET_ASSIGN_OR_RETURN(const std::optional<KinesisPosition> place, FindPlace(*lease));
  if (!place) return Renew(lease);
  if (place->done) return End(lease, *place);
  KinesisLease next = *lease;
  next.claim = OwnClaim(false, *place);
  next.position = *place;
  next.owner_switches = 0;
  AVOCET_RETURN_IF_ERROR(Write(std::move(next), lease));
  const std::lock_guard lock(mutex_);
  Shard& state = shards_[lease->shard];
  state.hold = Hold::kReading;
  state.delivered.reset();
  state.waiting_for.clear();
  orders_.push_back(
      {.shard = lease->shard, .read = true, .position = *place, .otherwise = StartOf(*lease)});
  return Status::Ok();
}

Result<std::optional<KinesisPosition>> KinesisLeases::FindPlace(const KinesisLease& lease) {
  std::optional<KinesisPosition> own;
  {
    const std::lock_guard lock(mutex_);
    own = shards_[lease.shard].durable;
  }
  if (!lease.claim) return own.has_value() ? own : std::optional(lease.position);
  if (IsOurs(lease.claim)) {
    // Nobody else has had it since: this lake decides, also when it was restored from a backup.
    // Only what was there before the claim is another's.
    AVOCET_ASSIGN_OR_RETURN(const KinesisPosition from, DecodeKinesisPosition(lease.claim->from));
    return std::optional(own.has_value() && !IsBefore(*own, from) ? *own : from);
  }
  if (lease.claim->released) return std::optional(lease.position);
  return AskPeer(lease);
}

Result<std::optional<KinesisPosition>> KinesisLeases::AskPeer(const KinesisLease& lease) {
  const LakeAddress& lake = lease.claim->lake;
  std::shared_ptr<PeerLake>& peer = peers_seen_[lake.table_id];
  if (peer == nullptr) peer = std::make_shared<PeerLake>(peers_->Inspect(lake));
  if (peer->state == PeerLake::State::kStopped) {
    AVOCET_ASSIGN_OR_RETURN(KinesisPosition place, DecodeKinesisPosition(lease.claim->from));
    const auto at = peer->positions.find(PositionKey(lease.claim->source, lease.shard));
    if (at == peer->positions.end()) return std::optional(place);
    AVOCET_ASSIGN_OR_RETURN(const KinesisPosition there, DecodeKinesisPosition(at->second));
    return std::optional(IsBefore(there, place) ? place : there);
  }
  const nanoseconds now = env_->Monotonic();
  const std::lock_guard lock(mutex_);
  Shard& state = shards_[lease.shard];
  const nanoseconds waiting = now - state.waiting_since;
  const bool expired =
      options_.handover_timeout.count() > 0 && waiting >= options_.handover_timeout;
  if (peer->state == PeerLake::State::kGone || expired) {
    spdlog::warn(
        "shard {} belonged to the lake {} on {}: {}; it is read on from where that process last "
        "said it was, after {} records, which it may have got beyond",
        lease.shard, lake.lake, lake.host, peer->reason, lease.position.records);
    return std::optional(lease.position);
  }
  state.waiting_for = "the lake " + lake.lake + " on " + lake.host + ": " + peer->reason;
  // A handover takes no longer than a commit, but a machine may be away for days.
  again_soon_ = again_soon_ || waiting < options_.duration;
  return std::optional<KinesisPosition>();
}

Status KinesisLeases::Renew(KinesisLease* lease) {
  KinesisLease next = *lease;
  {
    const std::lock_guard lock(mutex_);
    const Shard& state = shards_[lease->shard];
    if (state.valid_until - env_->Monotonic() > options_.duration * 3 / 4) return Status::Ok();
    const bool news = state.durable && IsBefore(lease->position, *state.durable);
    if (news && IsOurs(lease->claim)) {
      next.position = *state.durable;
      next.owner_switches = 0;
    }
  }
  return Write(std::move(next), lease);
}

Status KinesisLeases::Release(KinesisLease* lease, const KinesisPosition& position) {
  KinesisLease next = *lease;
  next.claim->released = true;
  next.position = position;
  AVOCET_RETURN_IF_ERROR(Write(std::move(next), lease));
  spdlog::info("shard {} was given away after {} records", lease->shard, position.records);
  return Status::Ok();
}

// Its children can begin now.
Status KinesisLeases::End(KinesisLease* lease, const KinesisPosition& position) {
  KinesisLease next = *lease;
  next.claim = OwnClaim(true, position);
  next.position = position;
  next.owner.clear();
  AVOCET_RETURN_IF_ERROR(Write(std::move(next), lease));
  again_soon_ = true;
  const std::lock_guard lock(mutex_);
  shards_[lease->shard].hold = Hold::kNone;
  return Status::Ok();
}

// The stream does not have the shard any more.
Status KinesisLeases::Forget(const KinesisLease& lease) {
  if (!lease.position.done && lease.owner != worker_) return Status::Ok();
  AVOCET_RETURN_IF_ERROR(table_->Remove(lease.shard, lease.counter));
  const std::lock_guard lock(mutex_);
  if (!lease.position.done) {
    lost_ = "shard " + lease.shard + " has expired before it was read to its end";
  }
  LetGoLocked(lease.shard);
  return Status::Ok();
}

void KinesisLeases::LetGo(const std::string& shard) {
  const std::lock_guard lock(mutex_);
  LetGoLocked(shard);
}

void KinesisLeases::LetGoLocked(const std::string& shard) {
  Shard& state = shards_[shard];
  if (state.hold == Hold::kReading) {
    state.hold = Hold::kStopping;
    orders_.push_back({.shard = shard});
  } else if (state.hold == Hold::kWaiting || state.all_durable()) {
    state.hold = Hold::kNone;
    state.delivered.reset();
    state.waiting_for.clear();
  }
}

// A shard gets a lease when it may be read: when its parents have been read to their end.
Status KinesisLeases::CreateMissing(Leases* leases) {
  std::map<std::string, KinesisShard> listed;
  std::set<std::string>
      held;  // Their leases have vanished; what was read is not all in bronze yet.
  {
    const std::lock_guard lock(mutex_);
    listed = listed_;
    for (const auto& [id, state] : shards_) {
      if (state.hold != Hold::kNone) held.insert(id);
    }
  }
  for (const auto& [id, shard] : listed) {
    const bool waits =
        std::any_of(shard.parents.begin(), shard.parents.end(), [&](const std::string& parent) {
          const auto at = leases->find(parent);
          return listed.contains(parent) && (at == leases->end() || !at->second.position.done);
        });
    if (waits || leases->contains(id) || held.contains(id)) continue;
    KinesisLease lease = NewLease(shard);
    const Status made = table_->Create(lease);
    again_soon_ = true;
    if (made.code() == StatusCode::kConflict) continue;
    AVOCET_RETURN_IF_ERROR(made);
    leases->emplace(id, std::move(lease));
  }
  return Status::Ok();
}

KinesisLease KinesisLeases::NewLease(const KinesisShard& shard) const {
  KinesisLease lease;
  lease.shard = shard.id;
  lease.parents = shard.parents;
  lease.first_hash = shard.first_hash;
  lease.last_hash = shard.last_hash;
  lease.stream = options_.stream;
  lease.start_ms = options_.start.timestamp_ms;
  const auto first = options_.first_sequences.find(shard.id);
  if (first != options_.first_sequences.end()) lease.position.sequence = first->second;
  const std::lock_guard lock(mutex_);
  const auto state = shards_.find(shard.id);
  if (state != shards_.end() && state->second.durable) {
    // Read alone before it was shared.
    lease.position = *state->second.durable;
    lease.claim = OwnClaim(true, lease.position);
  }
  return lease;
}

Status KinesisLeases::Take(Leases* leases, const std::set<std::string>& free) {
  std::vector<LeaseShare> shares;
  for (const auto& [id, lease] : *leases) {
    if (lease.position.done) continue;
    shares.push_back({id, lease.owner, lease.owner.empty() || free.contains(id)});
  }
  for (const std::string& id : LeasesToTake(std::move(shares), worker_, env_)) {
    again_soon_ = true;
    KinesisLease& lease = leases->at(id);
    KinesisLease next = lease;
    next.owner = worker_;
    ++next.owner_switches;
    const Status taken = Write(std::move(next), &lease);
    if (taken.code() == StatusCode::kConflict) continue;
    AVOCET_RETURN_IF_ERROR(taken);
    AVOCET_RETURN_IF_ERROR(Tend(&lease));
  }
  return Status::Ok();
}

void KinesisLeases::Settle(const Leases& leases, const std::set<std::string>& free) {
  const std::lock_guard lock(mutex_);
  settled_ = !again_soon_ && free.empty() && !listed_.empty();
  for (const auto& [id, state] : shards_) {
    if (state.hold == Hold::kWaiting || state.hold == Hold::kStopping) settled_ = false;
  }
  for (const auto& [id, shard] : listed_) {
    if (leases.contains(id)) continue;
    // Its turn comes when a parent has been read: here, or by others.
    for (const std::string& parent : shard.parents) {
      const auto at = leases.find(parent);
      const bool ours = at == leases.end() || at->second.owner == worker_;
      if (listed_.contains(parent) && ours) settled_ = false;
    }
  }
}

void KinesisLeases::ReleaseAll(const std::map<std::string, KinesisPosition>& delivered) {
  auto listed = table_->List();
  if (!listed.ok()) return;
  for (KinesisLease& lease : *listed) {
    KinesisLease next = lease;
    if (next.owner == worker_) next.owner.clear();  // Others need not wait until it is over.
    if (IsOurs(next.claim) && !next.claim->released) {
      const auto place = LastPlace(lease.shard, delivered);
      if (!place) continue;
      next.claim->released = true;
      next.position = *place;
    }
    if (next == lease) continue;
    const Status written = Write(std::move(next), &lease);
    if (!written.ok() && written.code() != StatusCode::kConflict) return;
  }
}

// Where others can go on with a shard that was claimed here; nothing when only this lake knows.
std::optional<KinesisPosition> KinesisLeases::LastPlace(
    const std::string& shard, const std::map<std::string, KinesisPosition>& delivered) {
  const std::lock_guard lock(mutex_);
  Shard& state = shards_[shard];
  const auto last = delivered.find(shard);
  if (last != delivered.end()) state.delivered = last->second;
  if (state.all_durable() || (state.durable && state.durable->done)) return state.durable;
  // It was claimed just now, and nothing has been read.
  const auto order = std::find_if(orders_.begin(), orders_.end(), [&](const Order& given) {
    return given.read && given.shard == shard;
  });
  return order == orders_.end() ? std::nullopt : std::optional(order->position);
}

// Shards have numbers that grow: what is younger than the list may not have been there yet.
bool KinesisLeases::HasGone(const std::string& shard) const {
  return !listed_.empty() && !listed_.contains(shard) && shard < listed_.rbegin()->first;
}

bool KinesisLeases::IsOurs(const std::optional<LakeClaim>& claim) const {
  return claim && claim->lake.table_id == peers_->self().table_id &&
         claim->source == options_.source;
}

LakeClaim KinesisLeases::OwnClaim(bool released, const KinesisPosition& from) const {
  return {.released = released,
          .source = options_.source,
          .lake = peers_->self(),
          .from = EncodeKinesisPosition(from)};
}

// Of a shard of which nothing was read. All processes go by what the first of them has written.
KinesisStart KinesisLeases::StartOf(const KinesisLease& lease) const {
  if (!lease.start_ms) return options_.start;
  if (*lease.start_ms == 0) return {};
  return {KinesisStart::At::kTimestamp, *lease.start_ms, ""};
}

std::string KinesisLeases::PositionKey(const std::string& source, const std::string& shard) const {
  return KinesisPositionKey(source, options_.stream, shard);
}

}  // namespace avocet
