#include "src/config/catalog_keys.h"

#include <chrono>
#include <string>

namespace avocet {

KeySpec CatalogSection() {
  using C = CatalogConfig;
  return Section<&Config::catalog>(
      "catalog", "The Unity Catalog in which the tables are registered.",
      {
          Key<&C::url>("url", "Address of the server, without a path.")
              .DefaultNote("nothing is registered")
              .Example("http://127.0.0.1:8081"),
          Key<&C::flavor>("flavor",
                          "Which kind of server it is; `auto` tells Databricks by its host name.")
              .Words({"auto", "open_source", "databricks"}),
          Key<&C::token>("token", "Token that the server asks for.")
              .Secret()
              .DefaultNote("none")
              .Example("\"${CATALOG_TOKEN:-example}\""),
          Key<&C::token_file>("token_file", "A file that holds `token`.")
              .Names(FileContent::kSecret)
              .DefaultNote("none")
              .CommentOut()
              .Example("token.txt"),
          Key<&C::client_id>("client_id",
                             "Application id of a service principal of Databricks, instead of a "
                             "token.")
              .DefaultNote("none")
              .CommentOut()
              .Example("7b2a0c1e-0000-0000-0000-000000000000"),
          Key<&C::client_secret>("client_secret", "OAuth secret of that principal.")
              .Secret()
              .DefaultNote("none")
              .CommentOut()
              .Example("\"${DATABRICKS_CLIENT_SECRET:-example}\""),
          Key<&C::client_secret_file>("client_secret_file", "A file that holds `client_secret`.")
              .Names(FileContent::kSecret)
              .DefaultNote("none")
              .CommentOut()
              .Example("secret.txt"),
          Key<&C::location>("location",
                            "URL at which readers of the catalog find the lake, such as "
                            "s3://bucket/lake.")
              .DefaultNote("the lake's own path")
              .Example("s3://bucket/lake"),
          Key<&C::storage_root>("storage_root",
                                "URL for tables that others let the catalog manage, for servers "
                                "that make no catalog without one.")
              .DefaultNote("none")
              .Example("s3://bucket/managed"),
          Key<&C::owner>("owner",
                         "Who owns catalog, schemas and tables: a user, a group or a "
                         "principal.")
              .DefaultNote("whoever registers them")
              .Example("data-platform"),
          Key<&C::comment>("comment", "Comment of the catalog.").AllowEmpty(),
          Key<&C::grants>("grants",
                          "Who may do what in the catalog: a map from a principal to privileges, "
                          "between commas.")
              .DefaultNote("none")
              .Example("{analysts: \"USE CATALOG, USE SCHEMA, SELECT\"}"),
          Key<&C::tags>("tags", "Tags of every table, by key; Databricks only.")
              .DefaultNote("none")
              .Example("{domain: plant_7}"),
          Key<&C::device_tag>("device_tag",
                              "Tag of the columns that name devices: a key, or `key=value`; "
                              "Databricks only.")
              .DefaultNote("none")
              .Example("device_identifier"),
          Key<&C::register_at_start>("register_at_start",
                                     "Whether `avocet run` registers the tables."),
          Key<&C::timeout>("timeout", "How long one request may take.")
              .Between(std::chrono::seconds(1), std::chrono::minutes(10)),
          Key<&C::ca_file>("ca_file", "PEM file of the only authorities to trust.")
              .Names(FileContent::kCertificates)
              .DefaultNote("the system's")
              .CommentOut()
              .Example("/etc/ssl/plant-ca.pem"),
      });
}

void CheckCatalog(const YamlNode& catalog, KeyReader* reader) {
  const auto twin = [&](const std::string& one, const std::string& other) {
    const YamlNode* second = catalog.Find(other);
    if (second == nullptr || catalog.Find(one) == nullptr) return;
    reader->Error(second->mark,
                  "catalog has \"" + one + "\" and \"" + other + "\"; remove one of the two");
  };
  twin("token", "token_file");
  twin("client_secret", "client_secret_file");
  twin("token", "client_id");
  twin("token_file", "client_id");
  const YamlNode* identity = catalog.Find("client_id");
  if (identity != nullptr && catalog.Find("client_secret") == nullptr &&
      catalog.Find("client_secret_file") == nullptr) {
    reader->Error(identity->mark,
                  "catalog.client_id needs the key \"client_secret\" or \"client_secret_file\"");
  }
  const YamlNode* url = catalog.Find("url");
  if (url != nullptr && !url->text.empty() && !url->text.starts_with("http://") &&
      !url->text.starts_with("https://")) {
    reader->Error(url->mark, "catalog.url must begin with https:// or http://");
  }
}

}  // namespace avocet
