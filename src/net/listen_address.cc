#include "src/net/listen_address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <utility>

namespace avocet {
namespace {

constexpr unsigned kLoopbackNet = 127;

bool IsIpv4(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool IsIpv6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

Status Unreadable(std::string_view text) {
  return Status::Invalid("cannot read the address \"" + std::string(text) +
                         "\": write an IP address and a port, as in 127.0.0.1:8080 or [::1]:8080");
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") return true;
  const std::string name(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, name.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24U) == kLoopbackNet;
  }
  in6_addr v6{};
  if (::inet_pton(AF_INET6, name.c_str(), &v6) != 1) return false;
  std::array<unsigned char, sizeof v6.s6_addr> loopback{};
  loopback.back() = 1;
  return std::equal(loopback.begin(), loopback.end(), v6.s6_addr);
}

bool ListenAddress::IsLoopback() const { return IsLoopbackHost(host); }

std::string ListenAddress::Text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Unreadable(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  ListenAddress address;
  address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  if (bracketed ? !IsIpv6(address.host) : !IsIpv4(address.host)) return Unreadable(text);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return Unreadable(text);
  return address;
}

}  // namespace avocet
