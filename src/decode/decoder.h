// Decoder: bytes of records to columns, or to quarantine with code, message and position.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/model/raw_batch.h"
#include "src/model/reading_batch.h"

namespace avocet {

/// Decodes records by a schema. Holds a parser and scratch memory: one Decoder per thread.
/// The result depends only on the records, the schema, the metric list and `now_us`.
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// The metrics to extract; index in this list = index in ReadingBatch::metrics. Names are those
  /// of the tables (normalised, for example "air_quality"). Extends when the schema evolves.
  virtual void SetMetrics(std::span<const std::string> names) = 0;

  /// Decodes records [begin, end) of `raw` (and, when begin is 0, its rejects) into `*out`, which
  /// is cleared first. `now_us` judges max_future. Never fails as a whole.
  virtual void Decode(const RawBatch& raw, size_t begin, size_t end, int64_t now_us,
                      ReadingBatch* out) = 0;
};

/// The decoder for JSON and CSV records of a validated schema.
std::unique_ptr<Decoder> MakeDecoder(const SchemaConfig& schema);

}  // namespace avocet
