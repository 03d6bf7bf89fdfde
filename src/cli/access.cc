// access: who may use the dashboard and the API from other machines.
#include <fmt/format.h>

#include <memory>

#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/stored_alerts.h"
#include "src/cli/tell.h"
#include "src/engine/audit_log.h"
#include "src/engine/owned_lake.h"
#include "src/env/env.h"
#include "src/server/access_tokens.h"

namespace avocet {
namespace {

struct AccessArguments {
  std::string config;
  std::string lake;
  std::string name;
  std::string role = "viewer";
  std::string expires;
};

Result<Config> ConfigOf(const AccessArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config));
  if (!arguments.lake.empty()) config.storage.lake = arguments.lake;
  return config;
}

std::string TokenFile(const Config& config) { return AccessTokenFile(DataDir(config)); }

Status Create(const AccessArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, ConfigOf(arguments));
  AccessToken token{.name = arguments.name, .role = *ParseRole(arguments.role), .sha256 = ""};
  Env* env = Env::Posix();
  if (!arguments.expires.empty()) {
    AVOCET_ASSIGN_OR_RETURN(const int64_t life_us, ParseDuration(arguments.expires));
    token.expires_us = env->NowMicros() + life_us;
  }
  AVOCET_ASSIGN_OR_RETURN(const std::string secret,
                          CreateAccessToken(env, TokenFile(config), token));
  NoteAudit(config, env,
            {.actor = ActorOr(""),
             .remote = "",
             .action = "access created",
             .details = {{"token", arguments.name}, {"role", arguments.role}}});
  fmt::print("{}\n", secret);
  Tell(
      "The secret of token {} ({}). It is shown this once: paste it into the dashboard, or "
      "send it as\n  Authorization: Bearer {}...\n",
      arguments.name, arguments.role, secret.substr(0, 8));
  return Status::Ok();
}

Status List(const AccessArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, ConfigOf(arguments));
  AVOCET_ASSIGN_OR_RETURN(const auto tokens, ReadAccessTokens(Env::Posix(), TokenFile(config)));
  for (const AccessToken& token : tokens) {
    fmt::print(
        "{:<24} {:<10} created {}  {}\n", token.name, RoleName(token.role),
        FormatTimestamp(token.created_us),
        token.expires_us == 0 ? "never expires" : "expires " + FormatTimestamp(token.expires_us));
  }
  if (tokens.empty()) Tell("There are no tokens.\n");
  return Status::Ok();
}

Status Revoke(const AccessArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, ConfigOf(arguments));
  AVOCET_RETURN_IF_ERROR(RevokeAccessToken(Env::Posix(), TokenFile(config), arguments.name));
  NoteAudit(config, Env::Posix(),
            {.actor = ActorOr(""),
             .remote = "",
             .action = "access revoked",
             .details = {{"token", arguments.name}}});
  return Status::Ok();
}

}  // namespace

void AddAccessCommand(CLI::App* app, int* exit_code) {
  CLI::App* access =
      app->add_subcommand("access", "Who may use the dashboard and the API from other machines");
  access->require_subcommand(1);
  auto arguments = std::make_shared<AccessArguments>();
  const auto add = [&](const char* name, const char* help, Status (*run)(const AccessArguments&)) {
    CLI::App* command = access->add_subcommand(name, help);
    command->add_option("-c,--config", arguments->config,
                        "Configuration file (default: avocet.yaml)");
    command->add_option("--lake", arguments->lake, "Lake directory, or s3://bucket/prefix");
    command->callback([arguments, exit_code, run] { *exit_code = Report(run(*arguments)); });
    return command;
  };
  CLI::App* create = add("create", "Make a token and print its secret, once", Create);
  create->add_option("name", arguments->name, "Name, for lists and logs")->required();
  create->add_option("--role", arguments->role, "What it may do (default: viewer)")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}));
  create->add_option("--expires", arguments->expires, "Life time, such as 90d (default: for ever)");
  add("list", "List the tokens, without their secrets", List);
  CLI::App* revoke =
      add("revoke", "Take a token back; a running avocet knows within seconds", Revoke);
  revoke->add_option("name", arguments->name, "Its name")->required();
}

}  // namespace avocet
