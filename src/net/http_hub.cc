#include "src/net/http_hub.h"

namespace avocet {

Result<HttpServer*> HttpHub::Server(const HttpServerOptions& options) {
  for (const auto& server : servers_) {
    const HttpServerOptions& known = server->options();
    if (known.listen != options.listen) continue;
    // Who names no certificate takes what is there.
    if (options.tls_certificate_file.empty()) return server.get();
    if (known.tls_certificate_file != options.tls_certificate_file ||
        known.tls_key_file != options.tls_key_file) {
      return Status::Config("two parts of the configuration want " + options.listen.Text() +
                            " with different certificates");
    }
    return server.get();
  }
  servers_.push_back(std::make_unique<HttpServer>(options, sockets_));
  return servers_.back().get();
}

void HttpHub::Stop(std::chrono::milliseconds grace) {
  for (const auto& server : servers_) server->Stop(grace);
}

}  // namespace avocet
