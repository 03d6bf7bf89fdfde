// RunningAvocet: the API of an avocet that runs, for commands that look at it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct RunningAvocetArguments {
  std::string url;         ///< empty: $AVOCET_URL, else http://127.0.0.1:8080
  std::string token_file;  ///< empty: $AVOCET_TOKEN is the token, if there is one
  std::string ca_file;     ///< PEM; empty: the system's authorities
};

/// Adds --url, --token-file and --ca.
void AddRunningAvocetOptions(CLI::App* command, RunningAvocetArguments* arguments);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// Errors say what the server said. Owned by one thread; blocks, but not longer than until
/// termination is requested.
class RunningAvocet {
 public:
  static Result<RunningAvocet> Of(const RunningAvocetArguments& arguments);

  const std::string& url() const { return url_; }

  /// The JSON of /api/v1/NAME.
  Result<std::string> Get(std::string_view name, const QueryParameters& query = {}) const;
  Result<std::string> Post(std::string_view name, const std::string& json) const;
  /// Passes a body without end on as it comes, while `on_body` returns true. Ok when it, or a
  /// termination signal, ended the stream.
  Status Stream(std::string_view name, const QueryParameters& query,
                const std::function<bool(std::string_view)>& on_body) const;

 private:
  RunningAvocet() = default;
  Result<std::string> Send(std::string_view method, std::string_view name,
                           const QueryParameters& query, const std::string& json,
                           const std::function<bool(std::string_view)>& on_body) const;

  std::string url_;  // without a slash at its end
  std::string token_;
  std::string ca_file_;
};

}  // namespace avocet
