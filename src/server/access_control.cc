#include "src/server/access_control.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "src/net/bearer_tokens.h"

namespace avocet {
namespace {

constexpr std::chrono::seconds kReadEvery{2};
constexpr std::chrono::seconds kSessionLife = std::chrono::hours(12);
constexpr size_t kMaxSessions = 10'000;
constexpr int kSessionWords = 4;  // of 64 random bits
constexpr std::string_view kCookie = "avocet_session=";

std::string_view SessionOf(const HttpRequest& request) {
  std::string_view cookies = request.Header("Cookie");
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view cookie = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    cookie.remove_prefix(std::min(cookie.find_first_not_of(' '), cookie.size()));
    if (cookie.starts_with(kCookie)) return cookie.substr(kCookie.size());
  }
  return {};
}

}  // namespace

AccessControl::AccessControl(Env* env, std::string token_file)
    : env_(env), token_file_(std::move(token_file)) {
  std::lock_guard lock(mutex_);
  if (!needs_token()) return;
  ReloadLocked();
  if (!tokens_.empty()) return;
  spdlog::info("nobody may use the dashboard yet: make a token with avocet access create NAME");
}

void AccessControl::ReloadLocked() {
  const auto now = env_->Monotonic();
  if (read_at_.count() != 0 && now - read_at_ < kReadEvery) return;
  read_at_ = now;
  auto tokens = ReadAccessTokens(env_, token_file_);
  if (tokens.ok()) {
    tokens_ = std::move(tokens).value();
    return;
  }
  // In doubt nobody enters.
  tokens_.clear();
  spdlog::error("the access tokens cannot be read, nobody may enter: {}",
                tokens.status().message());
}

std::optional<Caller> AccessControl::FindLocked(std::string_view sha256) {
  ReloadLocked();
  for (const AccessToken& token : tokens_) {
    if (token.sha256 != sha256) continue;
    if (token.expires_us != 0 && token.expires_us <= env_->NowMicros()) return std::nullopt;
    return Caller{token.name, token.role};
  }
  return std::nullopt;
}

std::optional<Caller> AccessControl::Identify(const HttpRequest& request) {
  if (!needs_token()) return Caller{"local", Role::kAdmin};
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.Header("Authorization");
  std::lock_guard lock(mutex_);
  if (authorization.size() > kBearer.size() &&
      EqualsIgnoringCase(authorization.substr(0, kBearer.size()), kBearer)) {
    return FindLocked(Sha256Hex(authorization.substr(kBearer.size())));
  }
  const std::string_view cookie = SessionOf(request);
  if (cookie.empty()) return std::nullopt;
  const auto found = sessions_.find(Sha256Hex(cookie));
  if (found == sessions_.end()) return std::nullopt;
  if (found->second.expires_us <= env_->NowMicros()) {
    sessions_.erase(found);
    return std::nullopt;
  }
  // A revoked token ends its sessions.
  return FindLocked(found->second.token_sha256);
}

std::optional<std::string> AccessControl::LogIn(std::string_view secret, bool secure) {
  const std::string sha256 = Sha256Hex(secret);
  std::lock_guard lock(mutex_);
  if (!FindLocked(sha256)) return std::nullopt;
  if (sessions_.size() >= kMaxSessions) sessions_.clear();
  const std::string session = RandomSecret("", kSessionWords, env_);
  const int64_t life_us = std::chrono::microseconds(kSessionLife).count();
  sessions_[Sha256Hex(session)] = {sha256, env_->NowMicros() + life_us};
  return fmt::format("{}{}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", kCookie, session,
                     kSessionLife.count(), secure ? "; Secure" : "");
}

std::string AccessControl::LogOut(const HttpRequest& request) {
  std::lock_guard lock(mutex_);
  sessions_.erase(Sha256Hex(SessionOf(request)));
  return fmt::format("{}; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", kCookie);
}

bool AccessControl::IsSameOrigin(const HttpRequest& request) {
  if (request.Header("X-Avocet-Request").empty()) return false;
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) return true;
  const size_t host = origin.find("://");
  return host != std::string_view::npos &&
         EqualsIgnoringCase(origin.substr(host + 3), request.Header("Host"));
}

}  // namespace avocet
