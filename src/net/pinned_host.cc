#include "src/net/pinned_host.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <memory>

#include "src/net/curl_handles.h"
#include "src/net/public_address.h"

namespace avocet {
namespace {

struct Target {
  std::string scheme;
  std::string host;  // without brackets
  std::string port;
};

Result<std::string> UrlPart(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
    return Status::Invalid("the URL makes no sense");
  }
  std::string copy(text);
  curl_free(text);
  return copy;
}

Result<Target> ParseUrl(const std::string& text) {
  const CurlOwned<CURLU> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return Status::Invalid("the URL makes no sense");
  }
  Target target;
  AVOCET_ASSIGN_OR_RETURN(target.scheme, UrlPart(url.get(), CURLUPART_SCHEME));
  AVOCET_ASSIGN_OR_RETURN(target.host, UrlPart(url.get(), CURLUPART_HOST));
  AVOCET_ASSIGN_OR_RETURN(target.port, UrlPart(url.get(), CURLUPART_PORT));
  if (target.host.starts_with("[")) target.host = target.host.substr(1, target.host.size() - 2);
  return target;
}

std::string AddressText(const addrinfo& entry) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* address =
      entry.ai_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(entry.ai_addr)->sin_addr)
          : &reinterpret_cast<sockaddr_in6*>(entry.ai_addr)->sin6_addr;
  ::inet_ntop(entry.ai_family, address, text, sizeof text);
  return text;
}

}  // namespace

Result<PinnedHost> PinHost(const std::string& url, std::initializer_list<const char*> schemes,
                           bool allow_private) {
  AVOCET_ASSIGN_OR_RETURN(const Target target, ParseUrl(url));
  if (std::find(schemes.begin(), schemes.end(), target.scheme) == schemes.end()) {
    std::string known;
    for (const char* scheme : schemes) known += (known.empty() ? "" : " or ") + std::string(scheme);
    return Status::Invalid("the URL is not one of " + known);
  }
  AVOCET_ASSIGN_OR_RETURN(const std::vector<std::string> allowed,
                          ResolveAllowed(target.host, target.port, allow_private));
  std::string addresses;
  for (const std::string& address : allowed) {
    const bool six = address.find(':') != std::string::npos;
    addresses += (addresses.empty() ? "" : ",") + (six ? "[" + address + "]" : address);
  }
  const bool six = target.host.find(':') != std::string::npos;
  const std::string host = six ? "[" + target.host + "]" : target.host;
  return PinnedHost{.name = target.host, .pin = host + ":" + target.port + ":" + addresses};
}

Result<std::vector<std::string>> ResolveAllowed(const std::string& host, const std::string& port,
                                                bool allow_private) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, [](addrinfo* entries) {
    if (entries != nullptr) ::freeaddrinfo(entries);
  });
  if (error != 0) {
    return Status::Unavailable("cannot resolve " + host + ": " + ::gai_strerror(error));
  }
  std::vector<std::string> addresses;
  std::string refused;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    std::string address = AddressText(*entry);
    if (allow_private || IsPublicAddress(address)) {
      addresses.push_back(std::move(address));
    } else {
      refused = std::move(address);
    }
  }
  if (!addresses.empty()) return addresses;
  return Status::Permission(host + " has the address " + refused +
                            ", which is not public; set allow_private to allow it");
}

}  // namespace avocet
