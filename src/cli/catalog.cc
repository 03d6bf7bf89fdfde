// catalog: the tables in Unity Catalog.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/s3_url.h"
#include "src/base/time_format.h"
#include "src/catalog/catalog_sync.h"
#include "src/catalog/lake_securables.h"
#include "src/cli/command.h"
#include "src/cli/lake_arguments.h"

namespace avocet {
namespace {

constexpr int kDiffers = 1;

bool IsDrift(const CatalogChange& change) { return change.action == CatalogChange::Action::kDrift; }

struct CredentialsArguments {
  std::string config;
  std::string table;
  bool read_only = false;
};

Status RequireCatalog(const Config& config) {
  if (config.catalog.IsOn()) return Status::Ok();
  return Status::Config("the configuration names no catalog; give it catalog: {url: https://...}");
}

Result<std::vector<CatalogChange>> Compare(const Config& config, bool apply) {
  AVOCET_RETURN_IF_ERROR(RequireCatalog(config));
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

Result<VendedCredentials> Vend(const Config& config, const CredentialsArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const auto client, UnityClient::Open(config.catalog, Env::Posix()));
  const bool to_write = !arguments.read_only;
  if (!arguments.table.empty()) {
    return client->CredentialsOfTable(config.storage.catalog + "." + arguments.table, to_write);
  }
  const std::string& named = config.catalog.location;
  const std::string& place = named.empty() ? config.storage.lake : named;
  if (!IsS3Url(place)) {
    return Status::Config("cannot get credentials: the lake " + place + " is not in S3");
  }
  return client->CredentialsOfPath(place, to_write);
}

// As the AWS SDKs want it of a credential_process.
Status PrintCredentials(const CredentialsArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadConfig(arguments.config));
  AVOCET_RETURN_IF_ERROR(RequireCatalog(config));
  AVOCET_ASSIGN_OR_RETURN(const VendedCredentials vended, Vend(config, arguments));
  JsonWriter json;
  json.BeginObject().Field("Version", 1).Field("AccessKeyId", vended.access_key_id);
  json.Field("SecretAccessKey", vended.secret_access_key);
  if (!vended.session_token.empty()) json.Field("SessionToken", vended.session_token);
  json.Field("Expiration", FormatTimestamp(vended.expires_us)).EndObject();
  fmt::print("{}\n", json.Take());
  return Status::Ok();
}

void AddCredentials(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<CredentialsArguments>();
  CLI::App* command = app->add_subcommand(
      "credentials", "Print credentials for the lake in S3 that the catalog vends");
  command->add_option("-c,--config", arguments->config,
                      "Configuration file (default: avocet.yaml)");
  command->add_option("--table", arguments->table,
                      "Only for one table, as in analytics.device_stats (default: the lake)");
  command->add_flag("--read-only", arguments->read_only, "Only for reading");
  command->callback([arguments, exit_code] { *exit_code = Report(PrintCredentials(*arguments)); });
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
  AddCredentials(command, exit_code);
  add("diff", "Say how the catalog differs; exit 1 when it does", false);
}

}  // namespace avocet
