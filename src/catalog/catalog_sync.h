// Brings a lake's description into Unity Catalog, or says how they differ.
//
// Whatever is missing is created, and what a server lets be changed is changed. Nothing is deleted
// or revoked, and a table that is registered otherwise stays as it is and is reported.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/catalog/securable.h"
#include "src/catalog/unity_client.h"
#include "src/config/catalog_config.h"

namespace avocet {

struct CatalogChange {
  enum class Action {
    kCreate,
    kUpdate,
    kGrant,
    kTag,
    kDrift,  ///< differs, and stays so until a person does something
  };
  Action action = Action::kCreate;
  SecurableKind kind = SecurableKind::kCatalog;
  std::string full_name;
  std::string detail;  ///< empty for kCreate
};

/// "create", "change", "grant", "tag" or "differs".
std::string_view ActionName(CatalogChange::Action action);

/// All differences, in the order of `wanted`, which has parents before their children. With
/// `apply` they are made good as far as they can be; the first error ends that.
Result<std::vector<CatalogChange>> SyncCatalog(const CatalogConfig& config,
                                               std::span<const Securable> wanted,
                                               UnityClient* client, bool apply);

}  // namespace avocet
