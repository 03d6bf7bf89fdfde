// A blocking HTTP client for tests: sends bytes as they are given and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace avocet {

struct ClientResponse {
  int status = 0;                              ///< 0: the server closed without an answer
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< chunks put together
};

class HttpTestClient {
 public:
  explicit HttpTestClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  HttpTestClient(const HttpTestClient&) = delete;
  HttpTestClient& operator=(const HttpTestClient&) = delete;
  ~HttpTestClient() { ::close(fd_); }

  bool connected() const { return connected_; }

  /// Closes our half of the connection.
  void CloseSending() { ::shutdown(fd_, SHUT_WR); }
  /// False when the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  /// Reads one response, with its body unless `head_only`.
  ClientResponse Receive(bool head_only = false) {
    ClientResponse response;
    while (unread_.find("\r\n\r\n") == std::string::npos) {
      if (!ReadMore()) return response;
    }
    const size_t end = unread_.find("\r\n\r\n");
    std::string head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);
    response.status = std::atoi(head.substr(head.find(' ') + 1).c_str());
    head.erase(0, head.find("\r\n") + 2);
    while (!head.empty()) {
      const std::string line = head.substr(0, head.find("\r\n"));
      head.erase(0, line.size() + 2);
      const size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      response.headers[name] = line.substr(colon + 2);
    }
    if (head_only || response.status == 100) return response;
    if (response.headers.contains("content-length")) {
      response.body = Take(std::stoul(response.headers["content-length"]));
    } else if (response.headers.contains("transfer-encoding")) {
      for (std::string chunk = ReceiveChunk(); !chunk.empty(); chunk = ReceiveChunk()) {
        response.body += chunk;
      }
    }
    return response;
  }

  /// The next chunk of a chunked body; empty at its end.
  std::string ReceiveChunk() {
    while (unread_.find("\r\n") == std::string::npos) {
      if (!ReadMore()) return {};
    }
    const size_t size = std::stoul(unread_, nullptr, 16);
    unread_.erase(0, unread_.find("\r\n") + 2);
    std::string chunk = Take(size + 2);
    chunk.resize(std::min(chunk.size(), size));
    return chunk;
  }

  ClientResponse Exchange(std::string_view request) {
    Send(request);
    return Receive();
  }

  /// True when the server closes within `ms`.
  bool IsClosedWithin(int ms) {
    pollfd descriptor{fd_, POLLIN, 0};
    if (::poll(&descriptor, 1, ms) <= 0) return false;
    return !ReadMore();
  }

 private:
  std::string Take(size_t size) {
    while (unread_.size() < size) {
      if (!ReadMore()) break;
    }
    std::string taken = unread_.substr(0, size);
    unread_.erase(0, taken.size());
    return taken;
  }

  bool ReadMore() {
    pollfd descriptor{fd_, POLLIN, 0};
    if (::poll(&descriptor, 1, 10'000) <= 0) return false;
    char bytes[4096];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    unread_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  const int fd_;
  bool connected_ = false;
  std::string unread_;
};

/// A request with a body, or without when it is empty.
inline std::string MakeRequest(std::string_view method, std::string_view target,
                               std::string_view body = {}, std::string_view headers = {}) {
  std::string request = std::string(method) + " " + std::string(target) +
                        " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers);
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return request + "\r\n" + std::string(body);
}

}  // namespace avocet
