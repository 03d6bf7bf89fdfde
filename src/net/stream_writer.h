// StreamWriter: puts records into a Kinesis stream or a Firehose delivery stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/aws_service.h"

namespace avocet {

struct OutgoingRecord {
  std::string partition_key;  ///< not used by Firehose
  std::string data;
};

struct StreamWriterOptions {
  std::string stream;    ///< of Kinesis
  std::string delivery;  ///< of Firehose, when there is no `stream`
  std::string endpoint;  ///< empty: the region's
};

/// Requests of at most 500 records and 5 MB (4 MiB for Firehose), as the services want them. Owned
/// by one thread.
class StreamWriter {
 public:
  static constexpr size_t kMostRecords = 500;
  /// Of one record, with its key.
  static constexpr size_t kMostRecordBytes = 1'000'000;

  StreamWriter(std::shared_ptr<AwsTransport> transport, StreamWriterOptions options, Env* env);

  /// Puts every record. Those that the service did not take are put again, after pauses that grow
  /// and have chance in them, until `deadline` (Env::Monotonic). An error says why some are left,
  /// which is in `unsent`, in order; the others are in the stream.
  Status Put(const std::vector<OutgoingRecord>& records, std::chrono::nanoseconds deadline,
             std::vector<size_t>* unsent);

 private:
  using Indices = std::vector<size_t>;

  bool firehose() const { return options_.stream.empty(); }
  Result<Indices> PutOnce(const std::vector<OutgoingRecord>& records, const Indices& batch,
                          std::string* why);
  std::string RequestJson(const std::vector<OutgoingRecord>& records, const Indices& batch) const;
  Status PutBatch(const std::vector<OutgoingRecord>& records, Indices batch,
                  std::chrono::nanoseconds deadline, Indices* unsent);

  const StreamWriterOptions options_;
  const AwsJsonService service_;
  Env* const env_;
};

}  // namespace avocet
