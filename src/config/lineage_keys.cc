#include "src/config/lineage_keys.h"

#include <chrono>
#include <string>

namespace avocet {

KeySpec LineageSection() {
  using L = LineageConfig;
  return Section<&Config::lineage>(
      "lineage", "Events of OpenLineage: which tables each commit made, and from which sources.",
      {
          Key<&L::url>("url", "Address to which events are posted, with its path.")
              .DefaultNote("nothing is posted")
              .Example("http://127.0.0.1:5000/api/v1/lineage"),
          Key<&L::folder>("folder",
                          "Directory in which each run has a file with its events, one a line.")
              .DefaultNote("none")
              .Example("./lineage"),
          Key<&L::job_namespace>("namespace", "Namespace of the job."),
          Key<&L::job_name>("job", "Name of the job.")
              .DefaultNote("that of the catalog, `storage.catalog`")
              .Example("plant_7"),
          Key<&L::token>("token", "Token that the server asks for.")
              .Secret()
              .DefaultNote("none")
              .Example("\"${LINEAGE_TOKEN:-example}\""),
          Key<&L::token_file>("token_file", "A file that holds `token`.")
              .DefaultNote("none")
              .CommentOut()
              .Example("token.txt"),
          Key<&L::timeout>("timeout", "How long one request may take.")
              .Between(std::chrono::seconds(1), std::chrono::minutes(10)),
          Key<&L::ca_file>("ca_file", "PEM file of the only authorities to trust.")
              .DefaultNote("the system's")
              .CommentOut()
              .Example("/etc/ssl/plant-ca.pem"),
      });
}

void CheckLineage(const YamlNode& lineage, KeyReader* reader) {
  const YamlNode* file = lineage.Find("token_file");
  if (file != nullptr && lineage.Find("token") != nullptr) {
    reader->Error(file->mark, "lineage has \"token\" and \"token_file\"; remove one of the two");
  }
  const YamlNode* url = lineage.Find("url");
  if (url != nullptr && !url->text.empty() && !url->text.starts_with("http://") &&
      !url->text.starts_with("https://")) {
    reader->Error(url->mark, "lineage.url must begin with https:// or http://");
  }
}

}  // namespace avocet
