#include "src/config/restart_keys.h"

namespace avocet {
namespace {

// Where the dashboard is when `server.listen` does not say.
std::string SharedAddress(const Config& config) {
  const HttpSourceConfig* source = FirstHttpSource(config);
  return config.server.listen.empty() && source != nullptr ? source->listen : std::string();
}

}  // namespace

std::vector<std::string> KeysThatNeedRestart(const Config& running, const Config& wanted) {
  std::vector<std::string> keys;
  const auto compare = [&](const auto& a, const auto& b, const char* key) {
    if (a != b) keys.emplace_back(key);
  };
  compare(running.storage.lake, wanted.storage.lake, "lake");
  compare(running.storage.data_dir, wanted.storage.data_dir, "storage.data_dir");
  compare(running.storage.catalog, wanted.storage.catalog, "storage.catalog");
  const ServerConfig& server = running.server;
  compare(server.enabled, wanted.server.enabled, "server.enabled");
  compare(server.listen, wanted.server.listen, "server.listen");
  compare(server.tls_certificate_file, wanted.server.tls_certificate_file,
          "server.tls_certificate");
  compare(server.tls_key_file, wanted.server.tls_key_file, "server.tls_key");
  if (server.listen == wanted.server.listen) {
    compare(SharedAddress(running), SharedAddress(wanted), "sources[].http.listen");
  }
  return keys;
}

}  // namespace avocet
