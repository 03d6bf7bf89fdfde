#include "src/net/listen_sockets.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace avocet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

Status ListenStatus(const ErrorCode& error, const ListenAddress& address) {
  const std::string what = "cannot listen on " + address.Text() + ": ";
  if (error == asio::error::address_in_use) {
    return Status::Unavailable(what + "another program listens there; choose another port");
  }
  if (error == asio::error::access_denied) {
    return Status::Permission(what + "ports below 1024 need the rights of an administrator");
  }
  if (error.value() == EADDRNOTAVAIL) {
    return Status::Config(what + "this machine does not have that address");
  }
  return Status::Io(what + error.message());
}

// Not for programs that this one starts.
Result<FileDescriptor> Duplicate(int descriptor) {
  FileDescriptor copy(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (copy.get() >= 0) return copy;
  return Status::Io(std::string("cannot duplicate a socket: ") + std::strerror(errno));
}

}  // namespace

Result<FileDescriptor> ListenAt(const ListenAddress& address) {
  ErrorCode error;
  const auto host = asio::ip::make_address(address.host, error);
  if (error) return Status::Config("cannot listen on " + address.Text() + ": " + error.message());
  const tcp::endpoint endpoint(host, address.port);
  asio::io_context context;
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return ListenStatus(error, address);
  return Duplicate(acceptor.native_handle());
}

Result<FileDescriptor> ListenSockets::Open(const ListenAddress& address) {
  auto found = std::find_if(sockets_.begin(), sockets_.end(),
                            [&](const Socket& socket) { return socket.address == address; });
  if (found == sockets_.end()) {
    AVOCET_ASSIGN_OR_RETURN(FileDescriptor descriptor, ListenAt(address));
    sockets_.push_back({.address = address, .descriptor = std::move(descriptor)});
    found = std::prev(sockets_.end());
  }
  found->used = true;
  return Duplicate(found->descriptor.get());
}

void ListenSockets::StartRound() {
  for (Socket& socket : sockets_) socket.used = false;
}

void ListenSockets::EndRound() {
  std::erase_if(sockets_, [](const Socket& socket) { return !socket.used; });
}

}  // namespace avocet
