// AccessControl: who sends a request, and whether they may.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/env/env.h"
#include "src/net/http_message.h"
#include "src/server/access_tokens.h"

namespace avocet {

struct Caller {
  std::string name;
  Role role = Role::kViewer;
  /// Whether nobody waits for the answer any more; for handlers that wait for something. Any
  /// thread.
  std::function<bool()> has_gone;
};

/// Any thread may use it. Tokens are read again when their file changes, within seconds.
class AccessControl {
 public:
  /// Without `token_file` everybody who can connect is an administrator: for loopback.
  AccessControl(Env* env, std::string token_file);

  bool needs_token() const { return !token_file_.empty(); }

  /// Who sends the request, by bearer token or session cookie; nothing when that is not known.
  std::optional<Caller> Identify(const HttpRequest& request);

  /// Starts a session for the secret of a token and returns the Set-Cookie value; nothing when the
  /// secret is not known.
  std::optional<std::string> LogIn(std::string_view secret, bool secure);
  /// Ends the session of a request and returns the Set-Cookie value that removes it.
  std::string LogOut(const HttpRequest& request);

  /// Whether a request that changes something comes from our own page or from a program, and not
  /// from a page of another site: it has the header X-Avocet-Request, which no form can send, and
  /// its Origin, when there is one, is the Host.
  static bool IsSameOrigin(const HttpRequest& request);

 private:
  struct Session {
    std::string token_sha256;
    int64_t expires_us = 0;
  };
  std::optional<Caller> FindLocked(std::string_view sha256);
  void ReloadLocked();

  Env* const env_;
  const std::string token_file_;
  std::mutex mutex_;
  std::vector<AccessToken> tokens_;          // guarded by mutex_
  std::chrono::nanoseconds read_at_{0};      // guarded by mutex_
  std::map<std::string, Session> sessions_;  // by SHA-256 of the cookie; guarded by mutex_
};

}  // namespace avocet
