// Retry: records of quarantine that the present configuration accepts go into bronze, once.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "src/config/config.h"
#include "src/engine/committer.h"
#include "src/env/env.h"

namespace avocet {

struct RetryOptions {
  std::string code;      ///< only rows with this code; empty: all
  bool dry_run = false;  ///< judge only; needs no lock
  StepHook on_step;      ///< tests only
};

struct RetryReport {
  uint64_t tried = 0;
  uint64_t good = 0;        ///< decoded: these leave quarantine (or would, in a dry run)
  uint64_t accepted = 0;    ///< went into bronze
  uint64_t duplicates = 0;  ///< were in bronze already
  uint64_t dropped = 0;     ///< went into bronze, but a quality rule keeps them out of silver
  uint64_t quality = 0;     ///< not tried: rows of quality rules are in bronze already
  uint64_t incomplete = 0;  ///< not tried: only the beginning of the record was kept
  std::map<std::string, uint64_t> good_by_code, bad_by_code;
};

/// Takes the locks of the lake, and recovers first. Each part of at most `commit_rows` records is
/// one epoch; a crash leaves every record in exactly one table once the next start has recovered.
Result<RetryReport> RetryQuarantine(const Config& config, Env* env, const RetryOptions& options);

}  // namespace avocet
