// fsck: verifies a lake without changing it and without its lock.
//
// Every finding names the table, the file, what is wrong and what would mend it. Damaged bytes of
// any file are findings, never errors of the check itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

enum class FindingLevel : uint8_t {
  kInfo,     ///< nothing to mend
  kWarning,  ///< mends itself at the next start, or costs only convenience
  kError,    ///< damage
};
std::string_view LevelWord(FindingLevel severity);

struct Finding {
  FindingLevel severity = FindingLevel::kInfo;
  std::string table;    ///< short name; empty: the lake as a whole
  std::string file;     ///< path below the working directory, or empty
  std::string problem;  ///< one sentence
  std::string remedy;   ///< one sentence; empty: nothing is to be done
};

struct CheckedTable {
  std::string table;
  int64_t version = -1;  ///< -1: the table cannot be opened
  int64_t epoch = -1;    ///< newest transaction of avocet
  uint64_t files = 0;
  uint64_t size_bytes = 0;
  int64_t rows = 0;
};

struct FsckReport {
  std::vector<CheckedTable> tables;
  std::vector<Finding> findings;
  uint64_t bytes_checked = 0;  ///< of data files, by checksum or page by page

  size_t Count(FindingLevel severity) const;
  void Add(FindingLevel severity, std::string_view table, std::string file, std::string problem,
           std::string remedy = "");
};

struct FsckOptions {
  bool verify_pages = false;  ///< decode every page of every data file
};

/// An error only when there is no lake to look at.
Result<FsckReport> CheckLake(const Config& config, Env* env, const FsckOptions& options);

}  // namespace avocet
