#include "src/net/http_router.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>

namespace avocet {
namespace {

constexpr std::string_view kRest = "...}";

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(std::min<size_t>(path.size(), path.starts_with('/') ? 1 : 0));
  while (true) {
    const size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

std::string Join(std::span<const std::string> segments) {
  std::string joined;
  for (const std::string& segment : segments) joined += (joined.empty() ? "" : "/") + segment;
  return joined;
}

using Parameters = std::map<std::string, std::string, std::less<>>;

bool Matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             Parameters* parameters) {
  parameters->clear();
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string& want = pattern[i];
    if (want.starts_with('{') && want.ends_with(kRest)) {
      if (i > path.size()) return false;
      (*parameters)[want.substr(1, want.size() - 1 - kRest.size())] =
          Join(std::span(path).subspan(i));
      return true;
    }
    if (i >= path.size()) return false;
    if (want.starts_with('{') && want.ends_with('}')) {
      if (path[i].empty()) return false;
      (*parameters)[want.substr(1, want.size() - 2)] = path[i];
    } else if (want != path[i]) {
      return false;
    }
  }
  return pattern.size() == path.size();
}

}  // namespace

uint64_t HttpRouter::Add(HttpRoute route) {
  std::unique_lock lock(mutex_);
  entries_.push_back({++last_id_, Segments(route.pattern), std::move(route)});
  return last_id_;
}

void HttpRouter::Remove(uint64_t id) {
  std::unique_lock lock(mutex_);
  std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
}

HttpRouter::Match HttpRouter::Find(std::string_view method, HttpRequest* request) const {
  const std::vector<std::string> path = Segments(request->path);
  std::vector<std::string> allowed;
  Parameters parameters;
  std::shared_lock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (!Matches(entry.segments, path, &parameters)) continue;
    if (entry.route.method == method) {
      request->parameters = std::move(parameters);
      return {entry.id, entry.route.max_body_bytes, entry.route.tokens, {}};
    }
    if (std::find(allowed.begin(), allowed.end(), entry.route.method) == allowed.end()) {
      allowed.push_back(entry.route.method);
    }
  }
  Match none;
  for (const std::string& one : allowed) none.allow += (none.allow.empty() ? "" : ", ") + one;
  return none;
}

void HttpRouter::Call(uint64_t id, HttpRequest&& request, HttpReply&& reply) const {
  std::shared_lock lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const Entry& entry) { return entry.id == id; });
  if (found != entries_.end()) found->route.handler(std::move(request), std::move(reply));
}

}  // namespace avocet
