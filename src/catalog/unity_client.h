// UnityClient: the REST interface of Unity Catalog, open source or Databricks.
//
// Owned by one thread; calls block. Requests that were refused for a moment (429, 5xx) or had no
// answer are sent again, three times, after pauses that double from half a second. Nothing is ever
// deleted. Errors: kUnavailable when there is no answer in the end, kPermission when the server
// does not accept who asks, kInvalid when it does not accept what is asked.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/catalog/securable.h"
#include "src/config/catalog_config.h"
#include "src/env/env.h"
#include "src/net/web_client.h"

namespace avocet {

/// What to change of a catalog or a schema; of a table, the owner alone.
struct SecurableUpdate {
  std::optional<std::string> comment;
  std::optional<std::string> owner;                              ///< Databricks only
  std::optional<std::map<std::string, std::string>> properties;  ///< all of them, old and new
};

/// Privileges by principal, in capitals with blanks between words.
using Privileges = std::map<std::string, std::vector<std::string>>;

/// What S3 accepts for some time instead of a user's own keys.
struct VendedCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  int64_t expires_us = 0;  ///< microseconds since 1970
};

class UnityClient {
 public:
  /// Reads the secrets; asks nobody yet. `env` must outlive the client. `stopping` is asked before
  /// a request is sent again; null: never.
  static Result<std::unique_ptr<UnityClient>> Open(const CatalogConfig& config, Env* env,
                                                   std::function<bool()> stopping = nullptr);

  bool is_databricks() const { return is_databricks_; }

  /// Nothing when it does not exist, or this client may not see it.
  Result<std::optional<Securable>> Get(SecurableKind kind, const std::string& full_name);
  /// kAlreadyExists when somebody else was quicker.
  Status Create(const Securable& securable);
  Status Update(SecurableKind kind, const std::string& full_name, const SecurableUpdate& update);
  /// What is granted on the catalog itself.
  Result<Privileges> Granted(const std::string& catalog);
  Status Grant(const std::string& catalog, const Privileges& privileges);
  /// Tags of a table, or of one of its columns when `column` is not empty. Databricks only.
  Result<CatalogTags> TagsOf(const std::string& table, const std::string& column);
  /// `is_new`: there is no tag of that key yet.
  Status SetTag(const std::string& table, const std::string& column, const std::string& key,
                const std::string& value, bool is_new);
  /// Credentials for the files of a registered table, by its full name.
  Result<VendedCredentials> CredentialsOfTable(const std::string& full_name, bool to_write);
  /// Credentials for everything below a place in an external location.
  Result<VendedCredentials> CredentialsOfPath(const std::string& url, bool to_write);

 private:
  Result<VendedCredentials> Vended(const std::string& path, const std::string& body,
                                   const std::string& what);
  UnityClient(const CatalogConfig& config, Env* env, std::function<bool()> stopping);
  Result<WebReply> Send(const std::string& method, const std::string& path,
                        const std::string& body);
  Result<WebReply> SendPatiently(const WebRequest& request);
  /// The value of the header Authorization; empty: none.
  Result<std::string> Authorization(bool renew);
  Status StatusOf(const WebReply& reply, std::string_view what) const;

  const CatalogConfig config_;
  Env* const env_;
  const std::function<bool()> stopping_;
  bool is_databricks_ = false;
  std::string base_;  // URL
  std::string token_;
  std::string client_secret_;
};

}  // namespace avocet
