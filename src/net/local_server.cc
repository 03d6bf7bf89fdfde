#include "src/net/local_server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kLargestRequest = size_t{64} << 10;

bool ReadAll(int connection, char* out, size_t size) {
  while (size > 0) {
    const ssize_t read = ::recv(connection, out, size, 0);
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return false;
    out += read;
    size -= static_cast<size_t>(read);
  }
  return true;
}

bool WriteAll(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::array<char, 4> LengthBytes(size_t size) {
  std::array<char, 4> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((size >> (8 * i)) & 0xFF);
  return bytes;
}

size_t LengthOf(const std::array<char, 4>& bytes) {
  size_t size = 0;
  for (size_t i = bytes.size(); i-- > 0;) size = (size << 8) | static_cast<unsigned char>(bytes[i]);
  return size;
}

}  // namespace

Result<std::unique_ptr<LocalServer>> LocalServer::Start(Handler handler) {
  std::unique_ptr<LocalServer> server(new LocalServer(std::move(handler)));
  AVOCET_RETURN_IF_ERROR(server->Listen());
  server->accepting_ = std::thread([raw = server.get()] { raw->Accept(); });
  return server;
}

Status LocalServer::Listen() {
  std::string pattern = "/tmp/avocet-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return Status::FromErrno(errno, "make a directory for a socket", pattern);
  }
  directory_ = pattern;
  path_ = directory_ + "/socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0 ||
      ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener_, 64) != 0) {
    return Status::FromErrno(errno, "listen at", path_);
  }
  return Status::Ok();
}

LocalServer::~LocalServer() {
  if (listener_ >= 0) ::shutdown(listener_, SHUT_RDWR);
  if (accepting_.joinable()) accepting_.join();
  std::vector<std::thread> serving;
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    serving.swap(serving_);
  }
  for (std::thread& thread : serving) thread.join();
  if (listener_ >= 0) ::close(listener_);
  if (!path_.empty()) ::unlink(path_.c_str());
  if (!directory_.empty()) ::rmdir(directory_.c_str());
}

void LocalServer::Accept() {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (connection < 0) return;
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    serving_.emplace_back([this, connection] { Serve(connection); });
  }
}

void LocalServer::Serve(int connection) {
  std::array<char, 4> length{};
  std::string request;
  while (ReadAll(connection, length.data(), length.size())) {
    const size_t size = LengthOf(length);
    if (size > kLargestRequest) break;
    request.resize(size);
    if (!ReadAll(connection, request.data(), size)) break;
    const std::string answer = handler_(request);
    const auto head = LengthBytes(answer.size());
    if (answer.size() > UINT32_MAX) break;
    if (!WriteAll(connection, {head.data(), head.size()}) || !WriteAll(connection, answer)) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(connections_, connection);
  ::close(connection);
}

}  // namespace avocet
