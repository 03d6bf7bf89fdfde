#include "src/engine/decoding_judge.h"

#include <algorithm>
#include <utility>

#include "src/decode/decoder.h"

namespace avocet {
namespace {

class DecodingJudge : public RecordJudge {
 public:
  explicit DecodingJudge(const SchemaConfig& schema) : decoder_(MakeDecoder(schema)) {
    for (const MetricConfig& metric : schema.metrics) metrics_.push_back(metric.name);
    decoder_->SetMetrics(metrics_);
  }

  void Judge(const RawBatch& batch, int64_t now_us, std::string_view device_prefix,
             std::vector<RecordVerdict>* rejected) override {
    decoder_->Decode(batch, 0, batch.records.size(), now_us, &readings_);
    for (RejectedRecord& record : readings_.rejected) {
      rejected->push_back({static_cast<size_t>(record.offset), std::move(record.code),
                           std::move(record.message), record.position});
    }
    if (!device_prefix.empty()) CheckDevices(device_prefix, rejected);
    // A field that has become a metric is judged as one from the next request on.
    if (readings_.new_metrics.empty()) return;
    metrics_.insert(metrics_.end(), readings_.new_metrics.begin(), readings_.new_metrics.end());
    decoder_->SetMetrics(metrics_);
  }

 private:
  void CheckDevices(std::string_view prefix, std::vector<RecordVerdict>* rejected) {
    for (size_t row = 0; row < readings_.rows; ++row) {
      if (readings_.device[row].starts_with(prefix)) continue;
      rejected->push_back({static_cast<size_t>(readings_.offset[row]),
                           std::string(kDeviceForbidden),
                           "the token may not send readings of this device", -1});
    }
    std::sort(rejected->begin(), rejected->end(),
              [](const auto& a, const auto& b) { return a.record < b.record; });
  }

  const std::unique_ptr<Decoder> decoder_;
  std::vector<std::string> metrics_;
  ReadingBatch readings_;
};

}  // namespace

std::unique_ptr<RecordJudge> MakeDecodingJudge(const SchemaConfig& schema) {
  return std::make_unique<DecodingJudge>(schema);
}

}  // namespace avocet
