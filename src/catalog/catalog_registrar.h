// CatalogRegistrar: registers the tables of a run in Unity Catalog, on a thread of its own.
//
// It begins at once and never delays the engine. When the catalog cannot be reached it tries again
// after pauses that grow to ten minutes; what a person has to mend is logged once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

class CatalogRegistrar {
 public:
  /// Both are borrowed. REQUIRES: the tables exist.
  CatalogRegistrar(const Config* config, Env* env);
  /// Waits for the first attempt to end, so that a short run registers its tables, too.
  ~CatalogRegistrar();

  CatalogRegistrar(const CatalogRegistrar&) = delete;
  CatalogRegistrar& operator=(const CatalogRegistrar&) = delete;

 private:
  void Loop();
  bool IsStopping();

  const Config& config_;
  Env* const env_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
