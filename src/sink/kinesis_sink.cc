#include "src/sink/kinesis_sink.h"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/net/stream_writer.h"
#include "src/sink/device_key.h"

namespace avocet {
namespace {

// The writer puts again what was not taken; between two calls it can be asked to end.
constexpr std::chrono::seconds kOneCall{1};

class KinesisCarrier : public BatchCarrier {
 public:
  KinesisCarrier(StreamWriter writer, const std::string& device_field, Env* env)
      : writer_(std::move(writer)), key_(device_field), env_(env) {}

  Outcome Carry(RecordBatch* batch) override {
    std::vector<OutgoingRecord> records;
    records.reserve(batch->records.size());
    for (const std::string& line : batch->records) {
      records.push_back({key_.Of(line), std::string(WithoutLineEnd(line))});
    }
    Outcome outcome;
    std::vector<size_t> unsent;
    outcome.status = writer_.Put(records, env_->Monotonic() + kOneCall, &unsent);
    outcome.acknowledged = records.size() - unsent.size();
    std::vector<std::string> left;
    for (const size_t index : unsent) left.push_back(std::move(batch->records[index]));
    batch->records = std::move(left);
    return outcome;
  }

 private:
  StreamWriter writer_;
  const DeviceKey key_;
  Env* const env_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeKinesisSink(const std::string& stream,
                                              const std::string& device_field,
                                              SinkSettings settings, Env* env) {
  const AwsOptions aws = settings.Aws();
  BatchLimits limits;
  limits.records = StreamWriter::kMostRecords;
  limits.bytes = size_t{4} << 20;
  limits.patience = settings.Time("patience", limits.patience);
  AVOCET_RETURN_IF_ERROR(settings.Finish("kinesis"));
  AVOCET_ASSIGN_OR_RETURN(std::shared_ptr<AwsTransport> transport, AwsTransport::Open(aws, env));
  StreamWriter writer(std::move(transport), {.stream = stream, .endpoint = aws.endpoint}, env);
  auto carrier = std::make_unique<KinesisCarrier>(std::move(writer), device_field, env);
  return std::unique_ptr<Sink>(std::make_unique<BatchSink>(std::move(carrier), limits, env));
}

}  // namespace avocet
