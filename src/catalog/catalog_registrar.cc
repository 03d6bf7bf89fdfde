#include "src/catalog/catalog_registrar.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "src/catalog/catalog_sync.h"
#include "src/catalog/lake_securables.h"

namespace avocet {
namespace {

constexpr std::chrono::seconds kFirstPause{10};
constexpr std::chrono::seconds kLongestPause{600};

Status Register(const Config& config, Env* env, const std::function<bool()>& stopping) {
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Securable> wanted, DescribeLake(config, env));
  AVOCET_ASSIGN_OR_RETURN(const auto client, UnityClient::Open(config.catalog, env, stopping));
  AVOCET_ASSIGN_OR_RETURN(const std::vector<CatalogChange> changes,
                          SyncCatalog(config.catalog, wanted, client.get(), true));
  for (const CatalogChange& change : changes) {
    const bool drift = change.action == CatalogChange::Action::kDrift;
    spdlog::log(drift ? spdlog::level::warn : spdlog::level::info, "catalog: {} {} {} {}",
                ActionName(change.action), SecurableName(change.kind), change.full_name,
                change.detail);
  }
  spdlog::info("the tables are registered in {}", config.catalog.url);
  return Status::Ok();
}

}  // namespace

CatalogRegistrar::CatalogRegistrar(const Config* config, Env* env)
    : config_(*config), env_(env), thread_([this] { Loop(); }) {}

CatalogRegistrar::~CatalogRegistrar() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool CatalogRegistrar::IsStopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void CatalogRegistrar::Loop() {
  std::string told;
  for (std::chrono::seconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    const Status status = Register(config_, env_, [this] { return IsStopping(); });
    if (status.ok()) return;
    if (status.message() != told) {
      told = status.message();
      spdlog::warn("cannot register the tables in the catalog, trying again: {}", told);
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, pause, [this] { return stopping_; })) return;
  }
}

}  // namespace avocet
