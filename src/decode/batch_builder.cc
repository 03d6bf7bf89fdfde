#include "src/decode/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "src/base/check.h"

namespace avocet {

namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;

}  // namespace

BatchBuilder::BatchBuilder(const RawBatch& raw, std::string_view format, size_t max_rows,
                           size_t num_metrics, ReadingBatch* out)
    : raw_(raw), format_(format), out_(*out) {
  out_.rows = 0;
  out_.source = raw.source;
  out_.partition = raw.partition;
  out_.bytes = raw.bytes;
  out_.extra_bytes.clear();
  out_.rejected.clear();
  out_.new_metrics.clear();
  out_.device.resize(max_rows);
  out_.event_time_us.resize(max_rows);
  out_.payload.resize(max_rows);
  out_.offset.resize(max_rows);
  out_.metrics.resize(num_metrics);
  for (auto& column : out_.metrics) column.resize(max_rows);
}

void BatchBuilder::AddRow(std::string_view device, int64_t event_time_us, std::string_view payload,
                          int64_t offset, std::span<const double> metrics) {
  AVOCET_DCHECK(rows_ < out_.device.size() && metrics.size() == out_.metrics.size());
  out_.device[rows_] = device;
  out_.event_time_us[rows_] = event_time_us;
  out_.payload[rows_] = payload;
  out_.offset[rows_] = offset;
  for (size_t i = 0; i < metrics.size(); ++i) out_.metrics[i][rows_] = metrics[i];
  ++rows_;
}

void BatchBuilder::AddRejected(std::string_view payload, int64_t offset, const Rejection& why) {
  RejectedRecord& rejected = out_.rejected.emplace_back();
  rejected.payload = payload;
  rejected.code = CodeOf(why.reason);
  rejected.message = why.message;
  rejected.position = why.position;
  rejected.source = raw_.source;
  rejected.partition = raw_.partition;
  rejected.offset = offset;
  rejected.format = format_;
}

void BatchBuilder::AddSourceRejects() {
  for (const RawReject& reject : raw_.rejects) {
    RejectedRecord& rejected = out_.rejected.emplace_back();
    rejected.payload = reject.bytes;
    rejected.code = reject.code;
    rejected.message = reject.message;
    rejected.source = raw_.source;
    rejected.partition = raw_.partition;
    rejected.offset = reject.offset;
    rejected.format = format_;
  }
}

std::string_view BatchBuilder::Keep(std::string_view text) {
  if (text.size() > free_bytes_) {
    const size_t size = std::max(kBlockBytes, text.size());
    out_.extra_bytes.push_back(std::make_unique_for_overwrite<char[]>(size));
    free_ = out_.extra_bytes.back().get();
    free_bytes_ = size;
  }
  std::memcpy(free_, text.data(), text.size());
  const std::string_view kept(free_, text.size());
  free_ += text.size();
  free_bytes_ -= text.size();
  return kept;
}

void BatchBuilder::Finish() {
  out_.rows = rows_;
  out_.device.resize(rows_);
  out_.event_time_us.resize(rows_);
  out_.payload.resize(rows_);
  out_.offset.resize(rows_);
  for (auto& column : out_.metrics) column.resize(rows_);
}

}  // namespace avocet
