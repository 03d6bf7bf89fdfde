#include "src/cli/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/engine/builtin_components.h"
#include "src/env/env.h"
#include "src/env/program.h"
#include "src/net/pem_text.h"

namespace avocet {
namespace {

constexpr const char* kDefaultFile = "avocet.yaml";

// The line of the configuration is shown below, so that the path is not said again; a path that
// comes from the environment may be a secret that was mistaken for one.
Status CannotRead(const Status& status) {
  const std::string& message = status.message();
  const size_t colon = message.rfind(": ");
  return {status.code(), "cannot read the file: " +
                             (colon == std::string::npos ? message : message.substr(colon + 2))};
}

Status CheckNamedFile(const NamedFile& file, Env* env) {
  const auto text = env->ReadFile(file.path);
  if (!text.ok()) return CannotRead(text.status());
  switch (file.content) {
    case FileContent::kNone:
      return Status::Ok();
    case FileContent::kSecret:
      return text->find_first_not_of(" \t\r\n") == std::string::npos
                 ? Status::Invalid("the file is empty")
                 : Status::Ok();
    case FileContent::kCertificates:
      return CheckCertificates(*text, env->NowMicros());
    case FileContent::kPrivateKey:
      break;
  }
  const auto certificate = env->ReadFile(file.certificate_path);
  return CheckPrivateKey(*text, certificate.ok() ? *certificate : std::string());
}

}  // namespace

Result<ConfigFile> ReadConfigFile(const std::string& path, const FileReader& files) {
  ConfigFile file{.path = path, .text = {}, .loaded = {}};
  if (path.empty()) {
    if (!Env::Posix()->Stat(kDefaultFile).ok()) {
      file.loaded.config = DefaultConfig(DetectorSpecs());
      return file;
    }
    file.path = kDefaultFile;
  }
  auto text = Env::Posix()->ReadFile(file.path);
  if (!text.ok()) return Status::Config(text.status().message());
  file.text = std::move(*text);
  file.loaded = ParseConfig(file.text, file.path, EnvironmentVariable, DetectorSpecs(), files);
  return file;
}

void CheckNamedFiles(ConfigFile* file, Env* env) {
  std::vector<ConfigError>& errors = file->loaded.errors;
  for (const NamedFile& named : file->loaded.files) {
    const Status status = CheckNamedFile(named, env);
    if (status.ok()) continue;
    errors.push_back({named.line, named.column, named.key + ": " + status.message()});
  }
  std::stable_sort(errors.begin(), errors.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

Result<Config> ConfigOf(ConfigFile file, std::string* mistakes) {
  if (file.loaded.errors.empty()) return std::move(file.loaded.config);
  *mistakes = FormatErrors(file.loaded.errors, file.path, file.text);
  const size_t count = file.loaded.errors.size();
  return Status::Config(
      fmt::format("{} has {} {}", file.path, count, count == 1 ? "mistake" : "mistakes"));
}

}  // namespace avocet
