// token create: a new secret for a client of the HTTP source, and its hash for avocet.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "src/cli/command.h"
#include "src/cli/tell.h"
#include "src/env/env.h"
#include "src/net/bearer_tokens.h"
#include "src/source/push/token_file.h"

namespace avocet {
namespace {

constexpr int kSecretWords = 3;  // of 64 random bits

struct TokenArguments {
  std::string name;
  std::string devices;
  std::string file;
};

bool IsWord(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// The secret is printed, and nowhere else.
Status Create(const TokenArguments& arguments, Env* env) {
  if (arguments.name.empty() || arguments.name.starts_with('#') || !IsWord(arguments.name) ||
      !IsWord(arguments.devices)) {
    return Status::Usage("a name and a device prefix consist of visible ASCII characters");
  }
  const std::string secret = RandomSecret("avo_", kSecretWords, env);
  std::string text;
  auto present = env->ReadFile(arguments.file);
  if (present.ok()) {
    text = std::move(present).value();
  } else if (present.status().code() != StatusCode::kNotFound) {
    return present.status();
  }
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += arguments.name + " " + Sha256Hex(secret);
  if (!arguments.devices.empty()) text += " " + arguments.devices;
  AVOCET_RETURN_IF_ERROR(env->PutDurably(arguments.file, text + "\n", PutMode::kReplace));
  AVOCET_RETURN_IF_ERROR(ReadTokenFile(arguments.file, env).status());
  fmt::print("{}\n", secret);
  Tell(
      "This secret is not kept and will not be shown again. {} has its hash: set it as "
      "token_file of the http source, and restart avocet.\n",
      arguments.file);
  return Status::Ok();
}

}  // namespace

void AddTokenCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<TokenArguments>();
  CLI::App* command = app->add_subcommand("token", "Tokens of clients that send readings");
  command->require_subcommand(1);
  CLI::App* create = command->add_subcommand("create", "Make a token and print its secret once");
  create->add_option("name", arguments->name, "Whose it is")->required();
  create->add_option("--devices", arguments->devices,
                     "It may speak only of devices whose identifier begins so");
  create->add_option("--file", arguments->file, "Token file to add its hash to")->required();
  create->callback([arguments, exit_code] {
    const Status status = Create(*arguments, Env::Posix());
    *exit_code = status.ok() ? 0 : Report(status);
  });
}

}  // namespace avocet
