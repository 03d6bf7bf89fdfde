#include "src/source/simulate/replayer.h"

#include <algorithm>
#include <utility>

#include "src/base/check.h"
#include "src/config/config.h"
#include "src/source/file/file_source.h"

namespace avocet {

Result<std::unique_ptr<Replayer>> Replayer::Open(const ReplayOptions& options, Env* env) {
  AVOCET_CHECK(options.row_to_json && options.event_time);
  std::unique_ptr<Replayer> replayer(new Replayer(options));  // NOLINT
  FileSourceConfig config;
  config.paths = {options.path};
  config.format = options.format;
  config.max_record_bytes = options.max_record_bytes;
  replayer->source_ = MakeFileSource(config, "replay", true, env);
  AVOCET_RETURN_IF_ERROR(replayer->source_->Open({}));
  return replayer;
}

// Makes sure that batches_[batch_] has the record. False at the end.
Result<bool> Replayer::Fill() {
  while (true) {
    if (batch_ < batches_.size()) {
      if (record_ < batches_[batch_].records.size()) return true;
      skipped_ += batches_[batch_].rejects.size();
      ++batch_;
      record_ = 0;
    } else if (at_end_) {
      return false;
    } else {
      batches_.clear();
      batch_ = record_ = 0;
      AVOCET_ASSIGN_OR_RETURN(const PollState state, source_->Poll(PollLimits{}, &batches_));
      at_end_ = state == PollState::kEnd;
    }
  }
}

Result<bool> Replayer::Next(ReplayRecord* record) {
  while (true) {
    AVOCET_ASSIGN_OR_RETURN(const bool any, Fill());
    if (!any) return false;
    const RawBatch& batch = batches_[batch_];
    const RawRecord& raw = batch.records[record_++];
    if (batch.format == RecordFormat::kCsv) {
      std::optional<std::string> json = options_.row_to_json(batch, raw);
      if (!json.has_value()) {
        ++skipped_;
        continue;
      }
      record->json = std::move(*json);
    } else {
      record->json = batch.Bytes(raw);
    }
    break;
  }
  record->event_time_us = options_.event_time(record->json);
  if (record->event_time_us.has_value()) {
    if (!first_us_.has_value()) first_us_ = record->event_time_us;
    if (options_.speed > 0) {
      const double ns =
          static_cast<double>(*record->event_time_us - *first_us_) * 1000.0 / options_.speed;
      const std::chrono::nanoseconds due(static_cast<int64_t>(std::clamp(ns, 0.0, 9e18)));
      due_ = std::max(due_, due);
    }
  }
  record->due = due_;
  return true;
}

}  // namespace avocet
