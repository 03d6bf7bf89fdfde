// CatalogConfig: the Unity Catalog in which the tables are registered.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "src/config/duration.h"

namespace avocet {

/// The open-source server and Databricks differ in how privileges are written, and in what can be
/// changed later.
enum class CatalogFlavor : uint8_t { kAuto, kOpenSource, kDatabricks };

struct CatalogConfig {
  std::string url;  ///< of the server, without a path; empty: nothing is registered
  CatalogFlavor flavor = CatalogFlavor::kAuto;  ///< auto: by the host's name
  std::string token;
  std::string token_file;
  std::string client_id;  ///< of a service principal of Databricks, instead of a token
  std::string client_secret;
  std::string client_secret_file;
  std::string location;      ///< where others find the lake; empty: its own path
  std::string storage_root;  ///< for servers that want one for a new catalog
  std::string owner;         ///< empty: whoever registers
  std::string comment = "IoT readings, their anomalies and alerts, by avocet";
  std::map<std::string, std::string> grants;  ///< principal -> privileges, between commas
  std::map<std::string, std::string> tags;    ///< of every table, by key; Databricks only
  std::string device_tag;  ///< of columns that name devices; Databricks only; empty: none
  bool register_at_start = true;
  Duration timeout = std::chrono::seconds(30);  ///< of one request
  std::string ca_file;                          ///< empty: the system's

  bool IsOn() const { return !url.empty(); }
};

}  // namespace avocet
