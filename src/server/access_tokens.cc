#include "src/server/access_tokens.h"

#include <simdjson.h>

#include <algorithm>

#include "src/base/json_writer.h"
#include "src/net/bearer_tokens.h"

namespace avocet {
namespace {

constexpr std::string_view kRoles[] = {"viewer", "operator", "admin"};
constexpr int64_t kVersion = 1;
constexpr size_t kMaxNameBytes = 64;
constexpr int kSecretWords = 4;  // of 64 random bits

bool IsGoodName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Status Write(Env* env, const std::string& path, const std::vector<AccessToken>& tokens) {
  JsonWriter json;
  json.BeginObject().Field("version", kVersion).Key("tokens").BeginArray();
  for (const AccessToken& token : tokens) {
    json.BeginObject().Field("name", token.name).Field("role", RoleName(token.role));
    json.Field("sha256", token.sha256).Field("created_us", token.created_us);
    json.Field("expires_us", token.expires_us).EndObject();
  }
  json.EndArray().EndObject();
  return env->PutDurably(path, json.Take() + "\n", PutMode::kReplace);
}

bool ReadToken(simdjson::dom::element element, AccessToken* token) {
  std::string_view name, role, sha256;
  if (element["name"].get_string().get(name) != simdjson::SUCCESS ||
      element["role"].get_string().get(role) != simdjson::SUCCESS ||
      element["sha256"].get_string().get(sha256) != simdjson::SUCCESS ||
      element["created_us"].get_int64().get(token->created_us) != simdjson::SUCCESS ||
      element["expires_us"].get_int64().get(token->expires_us) != simdjson::SUCCESS) {
    return false;
  }
  const auto parsed = ParseRole(role);
  if (!parsed || sha256.size() != 64) return false;
  token->name = name;
  token->role = *parsed;
  token->sha256 = sha256;
  return true;
}

}  // namespace

std::string_view RoleName(Role role) { return kRoles[static_cast<size_t>(role)]; }

std::optional<Role> ParseRole(std::string_view name) {
  const auto* found = std::find(std::begin(kRoles), std::end(kRoles), name);
  if (found == std::end(kRoles)) return std::nullopt;
  return static_cast<Role>(found - std::begin(kRoles));
}

std::string AccessTokenFile(const std::string& data_dir) {
  return data_dir + "/access_tokens.json";
}

Result<std::vector<AccessToken>> ReadAccessTokens(Env* env, const std::string& path) {
  auto text = env->ReadFile(path);
  if (!text.ok()) {
    if (text.status().code() == StatusCode::kNotFound) return std::vector<AccessToken>();
    return text.status();
  }
  const auto damaged = [&] {
    return Status::Corrupt("cannot read " + path + ": it is not a list of access tokens");
  };
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(*text);
  simdjson::dom::element root;
  simdjson::dom::array list;
  int64_t version = 0;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS ||
      root["version"].get_int64().get(version) != simdjson::SUCCESS || version != kVersion ||
      root["tokens"].get_array().get(list) != simdjson::SUCCESS) {
    return damaged();
  }
  std::vector<AccessToken> tokens;
  for (const simdjson::dom::element element : list) {
    AccessToken token;
    if (!ReadToken(element, &token)) return damaged();
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Result<std::string> CreateAccessToken(Env* env, const std::string& path, AccessToken token) {
  if (!IsGoodName(token.name)) {
    return Status::Usage("a token's name has 1 to 64 letters, digits, '.', '_' and '-'");
  }
  AVOCET_ASSIGN_OR_RETURN(auto tokens, ReadAccessTokens(env, path));
  for (const AccessToken& other : tokens) {
    if (other.name == token.name) {
      return Status::AlreadyExists("there is a token named " + token.name + "; revoke it first");
    }
  }
  std::string secret = RandomSecret("avt_", kSecretWords, env);
  token.sha256 = Sha256Hex(secret);
  token.created_us = env->NowMicros();
  tokens.push_back(std::move(token));
  AVOCET_RETURN_IF_ERROR(Write(env, path, tokens));
  return secret;
}

Status RevokeAccessToken(Env* env, const std::string& path, const std::string& name) {
  AVOCET_ASSIGN_OR_RETURN(auto tokens, ReadAccessTokens(env, path));
  const auto removed =
      std::erase_if(tokens, [&](const AccessToken& token) { return token.name == name; });
  if (removed == 0) return Status::NotFound("there is no token named " + name);
  return Write(env, path, tokens);
}

}  // namespace avocet
