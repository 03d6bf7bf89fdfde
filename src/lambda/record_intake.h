// RecordIntake: readings in any format to payloads that the lake will accept.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "src/config/config.h"
#include "src/decode/decoder.h"
#include "src/env/env.h"
#include "src/source/records/block_pool.h"
#include "src/source/records/byte_stream.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

/// Cuts and judges records as the lake does, so what goes through here is not quarantined there.
/// Owned by one thread.
class RecordIntake {
 public:
  RecordIntake(const SchemaConfig& schema, size_t max_record_bytes, Env* env);

  /// What came out of some of the records; `text` of one.
  using OnBatch = std::function<Status(const ReadingBatch&)>;

  /// Reads `stream`, which blocks, to its end; `name` hints at its format. Errors are those of
  /// reading and of `on_batch`.
  Status Read(ByteStream stream, std::string_view name, const OnBatch& on_batch);

  /// The same of a text.
  Status ReadText(std::string_view text, const OnBatch& on_batch);

 private:
  const size_t max_record_bytes_;
  Env* const env_;
  std::unique_ptr<Decoder> decoder_;
  BlockPool pool_;
};

/// `payload`, a JSON object, with one member more at its end.
std::string WithMember(std::string_view payload, std::string_view name, std::string_view value);

}  // namespace avocet
