// Aggregated records of the Kinesis Producer Library: many user records in one Kinesis record.
#pragma once

#include <string_view>
#include <vector>

namespace avocet {

struct KplRecord {
  std::string_view partition_key;
  std::string_view data;
};

/// The user records of an aggregated record, slices of `payload`. False when it is none: without
/// the magic number, with another checksum, or not a message of that form. Readers take such a
/// payload as it is, as the Kinesis Client Library does.
bool SplitKplAggregate(std::string_view payload, std::vector<KplRecord>* records);

}  // namespace avocet
