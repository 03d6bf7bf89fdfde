// ScoredOutput: where `detect` writes what it made of each reading.
#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/engine/detection_run.h"

namespace avocet {

/// The columns of ScoredSpec. What is unknown is empty in CSV and null in Parquet.
class ScoredOutput {
 public:
  /// A path that ends in ".parquet" is a Parquet file, "-" CSV on standard output, anything else a
  /// CSV file. Files are replaced; a Parquet file appears when it is complete.
  static Result<std::unique_ptr<ScoredOutput>> Open(const std::string& path);

  virtual ~ScoredOutput() = default;
  virtual Status Append(const ScoredReading& reading) = 0;
  /// Without it the output is not complete.
  virtual Status Close() = 0;
};

}  // namespace avocet
