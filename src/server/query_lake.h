// QueryLake: how avocet-query gets at a lake.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/lake/lake.h"
#include "src/net/local_server.h"

namespace avocet {

/// avocet-query reads a directory itself. It has neither network nor credentials, so for a lake in
/// S3 it asks this program, at a socket that is there as long as this.
class QueryLake {
 public:
  /// Errors of Lake::Open and LocalServer::Start. Borrows `env`.
  static Result<QueryLake> Open(const StorageConfig& storage, Env* env);

  /// What tells avocet-query of the lake.
  std::vector<std::string> Arguments() const;
  /// Whether this program must live until the query has ended.
  bool IsServed() const { return server_ != nullptr; }

 private:
  explicit QueryLake(std::string place) : place_(std::move(place)) {}

  std::string place_;
  std::unique_ptr<Lake> lake_;           // null for a directory
  std::unique_ptr<LocalServer> server_;  // null for a directory; last, because it uses the lake
};

}  // namespace avocet
