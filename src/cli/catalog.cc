// catalog: the tables in Unity Catalog.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "src/base/json_writer.h"
#include "src/catalog/catalog_sync.h"
#include "src/catalog/lake_securables.h"
#include "src/cli/command.h"
#include "src/cli/lake_arguments.h"

namespace avocet {
namespace {

constexpr int kDiffers = 1;

bool IsDrift(const CatalogChange& change) { return change.action == CatalogChange::Action::kDrift; }

Result<std::vector<CatalogChange>> Compare(const Config& config, bool apply) {
  if (!config.catalog.IsOn()) {
    return Status::Config(
        "the configuration names no catalog; give it catalog: {url: https://...}");
  }
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Securable> wanted, DescribeLake(config, Env::Posix()));
  AVOCET_ASSIGN_OR_RETURN(const auto client, UnityClient::Open(config.catalog, Env::Posix()));
  return SyncCatalog(config.catalog, wanted, client.get(), apply);
}

void PrintJson(const std::vector<CatalogChange>& changes) {
  JsonWriter json;
  json.BeginArray();
  for (const CatalogChange& change : changes) {
    json.BeginObject().Field("action", ActionName(change.action));
    json.Field("kind", SecurableName(change.kind)).Field("name", change.full_name);
    json.Field("detail", change.detail).EndObject();
  }
  fmt::print("{}\n", json.EndArray().Take());
}

void PrintText(const std::vector<CatalogChange>& changes, bool apply) {
  for (const CatalogChange& change : changes) {
    fmt::print("{:<7} {:<7} {}{}{}\n", ActionName(change.action), SecurableName(change.kind),
               change.full_name, change.detail.empty() ? "" : ": ", change.detail);
  }
  const auto drift = std::count_if(changes.begin(), changes.end(), IsDrift);
  if (changes.empty()) {
    fmt::print("the catalog is as the configuration and the lake say\n");
  } else if (apply) {
    fmt::print("{} done, {} left to a person\n", static_cast<ptrdiff_t>(changes.size()) - drift,
               drift);
  } else {
    fmt::print("{} differences, of which a person has to mend {}\n", changes.size(), drift);
  }
}

int Catalog(const LakeArguments& arguments, bool apply) {
  const auto config = LoadLakeConfig(arguments);
  if (!config.ok()) return Report(config.status());
  const auto changes = Compare(*config, apply);
  if (!changes.ok()) return Report(changes.status());
  if (arguments.format == "json") {
    PrintJson(*changes);
  } else {
    PrintText(*changes, apply);
  }
  const bool differs =
      apply ? std::any_of(changes->begin(), changes->end(), IsDrift) : !changes->empty();
  return differs ? kDiffers : 0;
}

}  // namespace

void AddCatalogCommand(CLI::App* app, int* exit_code) {
  CLI::App* command = app->add_subcommand("catalog", "Register the tables in Unity Catalog");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, bool apply) {
    auto arguments = std::make_shared<LakeArguments>();
    CLI::App* one = command->add_subcommand(name, help);
    AddLakeOptions(one, arguments.get());
    one->callback([arguments, apply, exit_code] { *exit_code = Catalog(*arguments, apply); });
  };
  add("sync", "Create and change what is missing; delete nothing", true);
  add("diff", "Say how the catalog differs; exit 1 when it does", false);
}

}  // namespace avocet
