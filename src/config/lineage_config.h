// LineageConfig: who is told, in events of OpenLineage, which tables were made from which sources.
#pragma once

#include <chrono>
#include <string>

#include "src/config/duration.h"

namespace avocet {

struct LineageConfig {
  std::string url;     ///< to which events are posted, its path included; empty: nobody
  std::string folder;  ///< in which each run has a file of its events, one a line; empty: none
  std::string job_namespace = "avocet";
  std::string job_name;  ///< empty: the catalog's name, `storage.catalog`
  std::string token;     ///< sent as a bearer token; empty: none
  std::string token_file;
  std::string ca_file;                          ///< empty: the system's
  Duration timeout = std::chrono::seconds(10);  ///< of one request

  bool IsOn() const { return !url.empty() || !folder.empty(); }
};

}  // namespace avocet
