// AccessTokens: who may use the dashboard and the API from other machines, as a file.
//
// The file, see docs/formats/access-tokens.md, has hashes only. Whoever can write it decides who
// may enter; its directory is avocet's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

enum class Role : uint8_t {
  kViewer,    ///< sees everything
  kOperator,  ///< may also acknowledge, mute and label
  kAdmin,     ///< may also see the configuration
};
std::string_view RoleName(Role role);
std::optional<Role> ParseRole(std::string_view name);

struct AccessToken {
  std::string name;
  Role role = Role::kViewer;
  std::string sha256;  ///< of the secret, 64 lower-case hexadecimal digits
  int64_t created_us = 0;
  int64_t expires_us = 0;  ///< 0: never
};

/// Where the tokens of a data directory are.
std::string AccessTokenFile(const std::string& data_dir);

/// Nothing when there is no file. kCorrupt when it cannot be read.
Result<std::vector<AccessToken>> ReadAccessTokens(Env* env, const std::string& path);

/// Adds a token and returns its secret, which is stored nowhere. kAlreadyExists for its name,
/// kUsage for a name that is not 1 to 64 letters, digits, '.', '_' and '-'.
Result<std::string> CreateAccessToken(Env* env, const std::string& path, AccessToken token);

/// kNotFound when there is none of that name.
Status RevokeAccessToken(Env* env, const std::string& path, const std::string& name);

}  // namespace avocet
