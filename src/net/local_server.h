// LocalServer: answers requests of programs of the same user, at a socket in the file system.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "src/base/status.h"

namespace avocet {

/// A request and its answer are each a length, four bytes with the lowest first, and so many bytes.
/// A connection carries one after the other; each has a thread. The socket is in a directory of its
/// own that nobody else may enter, and goes with the server.
class LocalServer {
 public:
  /// Called by several threads at once.
  using Handler = std::function<std::string(std::string_view request)>;

  static Result<std::unique_ptr<LocalServer>> Start(Handler handler);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  /// The path of the socket.
  const std::string& path() const { return path_; }

 private:
  explicit LocalServer(Handler handler) : handler_(std::move(handler)) {}
  Status Listen();
  void Accept();
  void Serve(int connection);

  const Handler handler_;
  std::string directory_;
  std::string path_;
  int listener_ = -1;
  std::thread accepting_;
  std::mutex mutex_;
  std::vector<int> connections_;      // guarded by mutex_
  std::vector<std::thread> serving_;  // guarded by mutex_
};

}  // namespace avocet
