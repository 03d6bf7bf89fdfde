// PushEntry: the records of one request or message as they lie in the journal of a push source;
// docs/formats/journal.md describes the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/journal/journal.h"
#include "src/model/raw_batch.h"

namespace avocet {

struct PushLabel {
  RecordFormat format = RecordFormat::kJson;
  char csv_delimiter = ',';
  std::shared_ptr<const std::vector<std::string>> csv_header;  ///< of kCsv
  std::string partition;   ///< for bronze: a topic, or empty for the source's one partition
  std::string key;         ///< identifies the request for as long as the journal or its keys do
  uint64_t body_hash = 0;  ///< of the request's body, with `key`
  uint32_t accepted = 0;   ///< as the sender was told, with `key`
  uint32_t rejected = 0;
  int64_t received_us = 0;
  std::string refusal_code;  ///< for the quarantine: the source itself refuses these records
  std::string refusal;       ///< why
};

std::string EncodePushLabel(const PushLabel& label);
/// kCorrupt when it cannot be read.
Result<PushLabel> DecodePushLabel(std::string_view text);

/// The chosen records of `batch` as one payload: their sizes, then their bytes.
std::string EncodePushPayload(const RawBatch& batch, const std::vector<bool>& chosen);
/// The same for records that stand alone.
std::string EncodePushPayload(const std::vector<std::string>& records);
/// The records of a payload, numbered on from `first_record`, in a batch without names. kCorrupt
/// when the payload does not hold `num_records` records.
Result<RawBatch> DecodePushPayload(const PushLabel& label, std::string_view payload,
                                   uint64_t first_record, uint32_t num_records);

}  // namespace avocet
