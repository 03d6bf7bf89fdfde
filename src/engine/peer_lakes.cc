#include "src/engine/peer_lakes.h"

#include <fmt/format.h>

#include <utility>

#include "src/base/s3_url.h"
#include "src/base/time_format.h"
#include "src/engine/owned_lake.h"
#include "src/engine/recovery.h"
#include "src/env/parent_path.h"

namespace avocet {
namespace {

PeerLake Busy(std::string reason) {
  return {.state = PeerLake::State::kBusy, .reason = std::move(reason)};
}

class OpenedPeerLakes : public PeerLakes {
 public:
  OpenedPeerLakes(Env* env, StorageConfig storage, LakeAddress self)
      : env_(env), storage_(std::move(storage)), self_(std::move(self)) {}

  const LakeAddress& self() const override { return self_; }
  PeerLake Inspect(const LakeAddress& address) override;

 private:
  PeerLake NotThere(const LakeAddress& address, std::string reason) const;
  Result<PeerLake> LockAndRead(const LakeAddress& address, Table* bronze);

  Env* const env_;
  const StorageConfig storage_;  // tells how to reach lakes in S3
  const LakeAddress self_;
};

// Only what was on this machine can be known to have gone.
PeerLake OpenedPeerLakes::NotThere(const LakeAddress& address, std::string reason) const {
  if (address.host != self_.host) return Busy("it cannot be reached from here");
  return {.state = PeerLake::State::kGone, .reason = std::move(reason)};
}

PeerLake OpenedPeerLakes::Inspect(const LakeAddress& address) {
  StorageConfig storage = storage_;
  storage.lake = address.lake;
  auto lake = Lake::Open(env_, storage);
  if (!lake.ok()) return Busy(lake.status().message());
  auto bronze = (*lake)->OpenTable(address.bronze);
  if (bronze.status().code() == StatusCode::kNotFound) {
    return NotThere(address, "it does not exist any more");
  }
  if (!bronze.ok()) return Busy(bronze.status().message());
  const auto id = (*bronze)->Id();
  if (!id.ok()) return Busy(id.status().message());
  if (*id != address.table_id) return NotThere(address, "another lake is in its place");
  const bool lock_is_shared =
      address.host == self_.host || address.data_dir.starts_with(address.lake + "/");
  if (!lock_is_shared) return Busy("its data directory cannot be reached from here");
  auto read = LockAndRead(address, bronze->get());
  return read.ok() ? std::move(*read) : Busy(read.status().message());
}

Result<PeerLake> OpenedPeerLakes::LockAndRead(const LakeAddress& address, Table* bronze) {
  PeerLake peer{.state = PeerLake::State::kStopped};
  auto lock =
      env_->Lock(address.data_dir + "/LOCK",
                 fmt::format("process {} on {}, which takes over its partitions, since {}",
                             env_->ProcessId(), self_.host, FormatTimestamp(env_->NowMicros())));
  if (lock.status().code() == StatusCode::kConflict) {
    return Busy("its process is running, and has not yet let go");
  }
  if (!lock.ok()) return lock.status();
  peer.lock = std::move(*lock);
  // Opened before the lock was taken, and its process may have committed in between.
  AVOCET_RETURN_IF_ERROR(bronze->Refresh());
  AVOCET_ASSIGN_OR_RETURN(BronzeState state, ReadBronzeState(bronze, {}, -1));
  peer.positions = std::move(state.positions);
  return peer;
}

}  // namespace

Result<std::unique_ptr<PeerLakes>> MakePeerLakes(const Config& config, Env* env,
                                                 LakeTables* tables) {
  AVOCET_ASSIGN_OR_RETURN(std::string id, tables->BronzeId());
  LakeAddress self{.table_id = std::move(id),
                   .host = env->HostName(),
                   .lake = IsS3Url(config.storage.lake) ? config.storage.lake
                                                        : AbsolutePath(config.storage.lake),
                   .bronze = BronzeSpec().Path(config.storage.catalog),
                   .data_dir = AbsolutePath(DataDir(config))};
  return std::unique_ptr<PeerLakes>(
      std::make_unique<OpenedPeerLakes>(env, config.storage, std::move(self)));
}

}  // namespace avocet
