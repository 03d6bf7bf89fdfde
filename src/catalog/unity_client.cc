#include "src/catalog/unity_client.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/base/base64.h"
#include "src/base/json_writer.h"
#include "src/env/secret.h"
#include "src/net/s3_client.h"

namespace avocet {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kApi = "/api/2.1/unity-catalog/";
constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kFirstPause{500};
// A table with thousands of columns.
constexpr size_t kMaxReplyBytes = size_t{16} << 20;
constexpr size_t kMostShown = 300;

// The hosts of Databricks in the three clouds.
constexpr std::string_view kDatabricksHosts[] = {".databricks.com", ".azuredatabricks.net",
                                                 ".databricks.us"};

std::string HostOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of(":/")));
}

bool IsDatabricks(const CatalogConfig& config) {
  if (config.flavor != CatalogFlavor::kAuto) return config.flavor == CatalogFlavor::kDatabricks;
  const std::string host = HostOf(config.url);
  return !config.client_id.empty() ||
         std::any_of(std::begin(kDatabricksHosts), std::end(kDatabricksHosts),
                     [&](std::string_view end) { return host.ends_with(end); });
}

std::string_view Plural(SecurableKind kind) {
  switch (kind) {
    case SecurableKind::kCatalog:
      return "catalogs";
    case SecurableKind::kSchema:
      return "schemas";
    case SecurableKind::kTable:
      break;
  }
  return "tables";
}

std::string PathOf(SecurableKind kind, const std::string& full_name) {
  return fmt::format("{}/{}", Plural(kind), UrlEscaped(full_name, false));
}

std::string TextOf(const element& from, std::string_view key) {
  std::string_view text;
  return std::string(from[key].get(text) == simdjson::SUCCESS ? text : std::string_view());
}

void WriteProperties(const std::map<std::string, std::string>& properties, JsonWriter* json) {
  json->Key("properties").BeginObject();
  for (const auto& [key, value] : properties) json->Field(key, value);
  json->EndObject();
}

void WriteColumns(const std::vector<CatalogColumn>& columns, JsonWriter* json) {
  json->Key("columns").BeginArray();
  int position = 0;
  for (const CatalogColumn& column : columns) {
    json->BeginObject().Field("name", column.name).Field("type_text", column.type_text);
    json->Field("type_json", column.type_json).Field("type_name", column.type_name);
    json->Field("position", position++).Field("nullable", column.nullable);
    if (!column.comment.empty()) json->Field("comment", column.comment);
    if (column.partition_index >= 0) json->Field("partition_index", column.partition_index);
    json->EndObject();
  }
  json->EndArray();
}

std::string CreateBody(const Securable& made) {
  JsonWriter json;
  json.BeginObject();
  switch (made.kind) {
    case SecurableKind::kCatalog:
      json.Field("name", made.full_name);
      if (!made.storage_root.empty()) json.Field("storage_root", made.storage_root);
      break;
    case SecurableKind::kSchema:
      json.Field("name", made.NamePart(1)).Field("catalog_name", made.NamePart(0));
      break;
    case SecurableKind::kTable:
      json.Field("name", made.NamePart(2)).Field("catalog_name", made.NamePart(0));
      json.Field("schema_name", made.NamePart(1)).Field("table_type", made.table_type);
      json.Field("data_source_format", made.format).Field("storage_location", made.location);
      WriteColumns(made.columns, &json);
      break;
  }
  if (!made.comment.empty()) json.Field("comment", made.comment);
  if (!made.properties.empty()) WriteProperties(made.properties, &json);
  return json.EndObject().Take();
}

constexpr std::string_view kTags = "entity-tag-assignments";

std::string_view TaggedKind(const std::string& column) {
  return column.empty() ? "tables" : "columns";
}

std::string TaggedName(const std::string& table, const std::string& column) {
  return column.empty() ? table : table + "." + column;
}

std::string TagsPath(const std::string& table, const std::string& column) {
  return fmt::format("{}/{}/{}/tags", kTags, TaggedKind(column),
                     UrlEscaped(TaggedName(table, column), false));
}

void ReadColumns(const element& from, std::vector<CatalogColumn>* columns) {
  array list;
  if (from["columns"].get(list) != simdjson::SUCCESS) return;
  for (const element entry : list) {
    CatalogColumn column;
    column.name = TextOf(entry, "name");
    column.type_name = TextOf(entry, "type_name");
    column.type_text = TextOf(entry, "type_text");
    column.comment = TextOf(entry, "comment");
    columns->push_back(std::move(column));
  }
}

// Open source writes "USE CATALOG", Databricks "USE_CATALOG".
std::string WithBlanks(std::string_view privilege) {
  std::string text(privilege);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string WithUnderscores(std::string_view privilege) {
  std::string text(privilege);
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

// The answer of `host`, which `parser` owns.
Result<element> ParseAnswer(const WebReply& reply, const std::string& host,
                            simdjson::dom::parser* parser) {
  element body;
  if (parser->parse(reply.body).get(body) == simdjson::SUCCESS) return body;
  return Status::Invalid(host + " answered without JSON");
}

// What a server said went wrong, on one line: its words where it speaks JSON.
std::string Complaint(const WebReply& reply) {
  simdjson::dom::parser parser;
  element body;
  std::string text;
  if (parser.parse(reply.body).get(body) == simdjson::SUCCESS) text = TextOf(body, "message");
  if (text.empty()) text = reply.body;
  text.resize(std::min(text.size(), kMostShown));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, ' ');
  return text;
}

bool IsWorthARetry(const Result<WebReply>& reply) {
  if (!reply.ok()) return reply.status().code() == StatusCode::kUnavailable;
  return reply->status == 429 || reply->status >= 500;
}

bool IsGood(const WebReply& reply) { return reply.status >= 200 && reply.status < 300; }

}  // namespace

UnityClient::UnityClient(const CatalogConfig& config, Env* env, std::function<bool()> stopping)
    : config_(config), env_(env), stopping_(std::move(stopping)) {}

Result<std::unique_ptr<UnityClient>> UnityClient::Open(const CatalogConfig& config, Env* env,
                                                       std::function<bool()> stopping) {
  std::unique_ptr<UnityClient> client(new UnityClient(config, env, std::move(stopping)));
  client->is_databricks_ = IsDatabricks(config);
  client->base_ = config.url;
  while (client->base_.ends_with('/')) client->base_.pop_back();
  AVOCET_ASSIGN_OR_RETURN(client->token_, ReadSecret(env, config.token, config.token_file));
  AVOCET_ASSIGN_OR_RETURN(client->client_secret_,
                          ReadSecret(env, config.client_secret, config.client_secret_file));
  return client;
}

Result<WebReply> UnityClient::SendPatiently(const WebRequest& request) {
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    Result<WebReply> reply = SendToWeb(request);
    if (attempt == kAttempts || !IsWorthARetry(reply)) return reply;
    if (stopping_ != nullptr && stopping_()) return reply;
    env_->SleepFor(pause);
  }
}

Result<std::string> UnityClient::Authorization(bool renew) {
  if (config_.client_id.empty()) return token_.empty() ? token_ : "Bearer " + token_;
  if (!token_.empty() && !renew) return "Bearer " + token_;
  // OAuth for machines, as Databricks has it.
  WebRequest request;
  request.url = base_ + "/oidc/v1/token";
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
  request.allow_private = true;
  request.ca_file = config_.ca_file;
  std::string identity = "Authorization: Basic ";
  AppendBase64(config_.client_id + ":" + client_secret_, &identity);
  request.headers = {identity, "Content-Type: application/x-www-form-urlencoded"};
  request.body = "grant_type=client_credentials&scope=all-apis";
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply, SendPatiently(request));
  if (reply.status == 400 || reply.status == 401 || reply.status == 403) {
    return Status::Permission(
        fmt::format("{} does not accept catalog.client_id with its secret ({}): {}", HostOf(base_),
                    reply.status, Complaint(reply)));
  }
  AVOCET_RETURN_IF_ERROR(StatusOf(reply, "cannot get a token"));
  simdjson::dom::parser parser;
  element body;
  if (parser.parse(reply.body).get(body) == simdjson::SUCCESS) {
    token_ = TextOf(body, "access_token");
  }
  if (token_.empty()) {
    return Status::Invalid(HostOf(base_) + " answered a request for a token with something else");
  }
  return "Bearer " + token_;
}

Result<WebReply> UnityClient::Send(const std::string& method, const std::string& path,
                                   const std::string& body) {
  WebRequest request;
  request.method = method;
  request.url = base_ + std::string(kApi) + path;
  request.body = body;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
  // The operator's own server is often in the operator's own network.
  request.allow_private = true;
  request.ca_file = config_.ca_file;
  request.max_reply_bytes = kMaxReplyBytes;
  for (const bool renew : {false, true}) {
    AVOCET_ASSIGN_OR_RETURN(const std::string authorization, Authorization(renew));
    request.headers = {"Accept: application/json"};
    if (!body.empty()) request.headers.push_back("Content-Type: application/json");
    if (!authorization.empty()) request.headers.push_back("Authorization: " + authorization);
    AVOCET_ASSIGN_OR_RETURN(WebReply reply, SendPatiently(request));
    // A token of OAuth lasts an hour.
    if (reply.status != 401 || config_.client_id.empty() || renew) return reply;
  }
  return Status::Internal("a request ended without a reply");
}

Status UnityClient::StatusOf(const WebReply& reply, std::string_view what) const {
  if (IsGood(reply)) return Status::Ok();
  const std::string host = HostOf(base_);
  if (reply.status == 401) {
    const bool none = token_.empty();
    return Status::Permission(
        fmt::format("{}: {} {} (401); see catalog.{}", what, host,
                    none ? "wants to know who asks" : "does not accept the token",
                    config_.client_id.empty() ? "token" : "client_id"));
  }
  const std::string message =
      fmt::format("{}: {} answered {}: {}", what, host, reply.status, Complaint(reply));
  if (reply.status == 403) return Status::Permission(message);
  if (reply.status == 404) return Status::NotFound(message + "; is catalog.url right?");
  if (reply.status == 409) return Status::AlreadyExists(message);
  if (reply.status == 429 || reply.status >= 500) return Status::Unavailable(message);
  return Status::Invalid(message);
}

Result<std::optional<Securable>> UnityClient::Get(SecurableKind kind,
                                                  const std::string& full_name) {
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply, Send("GET", PathOf(kind, full_name), ""));
  if (reply.status == 404) return std::optional<Securable>();
  AVOCET_RETURN_IF_ERROR(
      StatusOf(reply, fmt::format("cannot read {} {}", SecurableName(kind), full_name)));
  simdjson::dom::parser parser;
  element body;
  object properties;
  if (parser.parse(reply.body).get(body) != simdjson::SUCCESS || !body.is_object()) {
    return Status::Invalid(
        fmt::format("{} answered without JSON; is catalog.url right?", HostOf(base_)));
  }
  Securable found;
  found.kind = kind;
  found.full_name = full_name;
  found.comment = TextOf(body, "comment");
  found.owner = TextOf(body, "owner");
  found.table_type = TextOf(body, "table_type");
  found.format = TextOf(body, "data_source_format");
  found.location = TextOf(body, "storage_location");
  if (body["properties"].get(properties) == simdjson::SUCCESS) {
    for (const auto& [key, value] : properties) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) found.properties[std::string(key)] = text;
    }
  }
  ReadColumns(body, &found.columns);
  return std::optional<Securable>(std::move(found));
}

Status UnityClient::Create(const Securable& securable) {
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply,
                          Send("POST", std::string(Plural(securable.kind)), CreateBody(securable)));
  const std::string what =
      fmt::format("cannot create {} {}", SecurableName(securable.kind), securable.full_name);
  // Databricks answers 400 to a name that exists.
  if (reply.status == 400 && reply.body.find("ALREADY_EXISTS") != std::string::npos) {
    return Status::AlreadyExists(what + ": " + Complaint(reply));
  }
  return StatusOf(reply, what);
}

Status UnityClient::Update(SecurableKind kind, const std::string& full_name,
                           const SecurableUpdate& update) {
  JsonWriter json;
  json.BeginObject();
  if (update.comment) json.Field("comment", *update.comment);
  if (update.owner) json.Field("owner", *update.owner);
  if (update.properties) WriteProperties(*update.properties, &json);
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply,
                          Send("PATCH", PathOf(kind, full_name), json.EndObject().Take()));
  return StatusOf(reply, fmt::format("cannot change {} {}", SecurableName(kind), full_name));
}

Result<Privileges> UnityClient::Granted(const std::string& catalog) {
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply,
                          Send("GET", "permissions/catalog/" + UrlEscaped(catalog, false), ""));
  AVOCET_RETURN_IF_ERROR(StatusOf(reply, "cannot read the grants of catalog " + catalog));
  Privileges granted;
  simdjson::dom::parser parser;
  AVOCET_ASSIGN_OR_RETURN(const element body, ParseAnswer(reply, HostOf(base_), &parser));
  array assignments;
  // Databricks leaves the list out when it is empty.
  if (body["privilege_assignments"].get(assignments) != simdjson::SUCCESS) return granted;
  for (const element assignment : assignments) {
    std::vector<std::string>& privileges = granted[TextOf(assignment, "principal")];
    array names;
    if (assignment["privileges"].get(names) != simdjson::SUCCESS) continue;
    for (const element name : names) {
      std::string_view text;
      if (name.get(text) == simdjson::SUCCESS) privileges.push_back(WithBlanks(text));
    }
  }
  return granted;
}

Status UnityClient::Grant(const std::string& catalog, const Privileges& privileges) {
  JsonWriter json;
  json.BeginObject().Key("changes").BeginArray();
  for (const auto& [principal, names] : privileges) {
    json.BeginObject().Field("principal", principal).Key("add").BeginArray();
    for (const std::string& name : names) {
      json.String(is_databricks_ ? WithUnderscores(name) : WithBlanks(name));
    }
    json.EndArray().Key("remove").BeginArray().EndArray().EndObject();
  }
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply,
                          Send("PATCH", "permissions/catalog/" + UrlEscaped(catalog, false),
                               json.EndArray().EndObject().Take()));
  return StatusOf(reply, "cannot grant on catalog " + catalog);
}

Result<CatalogTags> UnityClient::TagsOf(const std::string& table, const std::string& column) {
  CatalogTags tags;
  std::string page;
  do {
    const std::string query = page.empty() ? "" : "?page_token=" + UrlEscaped(page, false);
    AVOCET_ASSIGN_OR_RETURN(const WebReply reply, Send("GET", TagsPath(table, column) + query, ""));
    AVOCET_RETURN_IF_ERROR(StatusOf(reply, "cannot read the tags of " + TaggedName(table, column)));
    simdjson::dom::parser parser;
    AVOCET_ASSIGN_OR_RETURN(const element body, ParseAnswer(reply, HostOf(base_), &parser));
    array assignments;
    page = TextOf(body, "next_page_token");
    if (body["tag_assignments"].get(assignments) != simdjson::SUCCESS) continue;
    for (const element one : assignments) tags[TextOf(one, "tag_key")] = TextOf(one, "tag_value");
  } while (!page.empty());
  return tags;
}

Status UnityClient::SetTag(const std::string& table, const std::string& column,
                           const std::string& key, const std::string& value, bool is_new) {
  JsonWriter json;
  json.BeginObject().Field("entity_name", TaggedName(table, column));
  json.Field("entity_type", TaggedKind(column)).Field("tag_key", key);
  if (!value.empty()) json.Field("tag_value", value);
  const std::string path = is_new ? std::string(kTags)
                                  : fmt::format("{}/{}?update_mask=tag_value",
                                                TagsPath(table, column), UrlEscaped(key, false));
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply,
                          Send(is_new ? "POST" : "PATCH", path, json.EndObject().Take()));
  return StatusOf(reply, fmt::format("cannot set tag {} of {}", key, TaggedName(table, column)));
}

Result<VendedCredentials> UnityClient::Vended(const std::string& path, const std::string& body,
                                              const std::string& what) {
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply, Send("POST", path, body));
  AVOCET_RETURN_IF_ERROR(StatusOf(reply, what));
  simdjson::dom::parser parser;
  AVOCET_ASSIGN_OR_RETURN(const element answer, ParseAnswer(reply, HostOf(base_), &parser));
  element keys;
  VendedCredentials vended;
  if (answer["aws_temp_credentials"].get(keys) == simdjson::SUCCESS) {
    vended.access_key_id = TextOf(keys, "access_key_id");
    vended.secret_access_key = TextOf(keys, "secret_access_key");
    vended.session_token = TextOf(keys, "session_token");
  }
  int64_t expires_ms = 0;
  const bool expires = answer["expiration_time"].get(expires_ms) == simdjson::SUCCESS;
  if (vended.access_key_id.empty() || vended.secret_access_key.empty() || !expires) {
    return Status::Invalid(fmt::format(
        "{}: {} gave none for AWS; are the files in S3, and is the server set up to vend them?",
        what, HostOf(base_)));
  }
  vended.expires_us = expires_ms * 1000;
  return vended;
}

Result<VendedCredentials> UnityClient::CredentialsOfTable(const std::string& full_name,
                                                          bool to_write) {
  AVOCET_ASSIGN_OR_RETURN(const WebReply reply,
                          Send("GET", PathOf(SecurableKind::kTable, full_name), ""));
  if (reply.status == 404) {
    return Status::NotFound(fmt::format(
        "cannot get credentials: there is no table {}; `avocet catalog sync` registers those of a "
        "lake",
        full_name));
  }
  AVOCET_RETURN_IF_ERROR(StatusOf(reply, "cannot read table " + full_name));
  simdjson::dom::parser parser;
  AVOCET_ASSIGN_OR_RETURN(const element table, ParseAnswer(reply, HostOf(base_), &parser));
  JsonWriter json;
  json.BeginObject().Field("table_id", TextOf(table, "table_id"));
  json.Field("operation", to_write ? "READ_WRITE" : "READ").EndObject();
  return Vended("temporary-table-credentials", json.Take(),
                "cannot get credentials for table " + full_name);
}

Result<VendedCredentials> UnityClient::CredentialsOfPath(const std::string& url, bool to_write) {
  JsonWriter json;
  json.BeginObject().Field("url", url);
  json.Field("operation", to_write ? "PATH_READ_WRITE" : "PATH_READ").EndObject();
  return Vended("temporary-path-credentials", json.Take(), "cannot get credentials for " + url);
}

}  // namespace avocet
