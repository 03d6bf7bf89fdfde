#include "src/engine/forget_journal.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/decode/decoder.h"
#include "src/engine/owned_lake.h"
#include "src/engine/table_layout.h"
#include "src/journal/journal_recovery.h"
#include "src/journal/segment_reader.h"
#include "src/source/push/push_entry.h"

namespace avocet {
namespace {

constexpr std::string_view kForgotten = "forgotten";

class JournalForgetter {
 public:
  JournalForgetter(const Config& config, Env* env, const DeviceTrace& trace, bool rewrite)
      : env_(env),
        trace_(trace),
        rewrite_(rewrite),
        now_us_(env->NowMicros()),
        decoder_(MakeDecoder(config.schema)) {
    decoder_->SetMetrics(ConfiguredMetrics(config));
  }

  Result<uint64_t> All(const std::string& directory) {
    const auto entries = env_->List(directory);
    if (entries.status().code() == StatusCode::kNotFound) return uint64_t{0};
    if (!entries.ok()) return entries.status();
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.is_directory) continue;
      const std::string path = directory + "/" + entry.name;
      AVOCET_ASSIGN_OR_RETURN(const auto segments, ListSegments(path, env_));
      for (size_t i = 0; i < segments.size(); ++i) {
        const Status status =
            One(segments[i], i + 1 < segments.size() ? segments[i + 1].first_record : UINT64_MAX);
        // Who only counts has no lock: what is trimmed meanwhile is no trace any more.
        if (status.code() == StatusCode::kNotFound && !rewrite_) continue;
        AVOCET_RETURN_IF_ERROR(status);
      }
    }
    return found_;
  }

 private:
  // `next`: the first record of the next segment, whose numbers count from there on.
  Status One(const FoundSegment& segment, uint64_t next) {
    AVOCET_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(segment.path, env_));
    if (!reader->header().has_value()) return Status::Ok();  // no record of it can be read
    const uint64_t salt = reader->header()->salt;
    const uint64_t before = found_;
    uint64_t end = segment.first_record;
    bool has_other_bytes = false;
    std::string bytes = EncodeSegmentHeader(*reader->header());
    bytes += GroupFrame(segment.first_record, kSegmentHeaderBytes, salt);
    for (;;) {
      Frame frame;
      AVOCET_ASSIGN_OR_RETURN(const SegmentStep step, reader->Next(&frame));
      if (step == SegmentStep::kEntry) {
        if (frame.first_record >= next) {
          has_other_bytes = true;  // given up after an error of the disk
          break;
        }
        AVOCET_ASSIGN_OR_RETURN(std::string frames, Parts(frame));
        end = NumberEntryFrames(frame.first_record, salt, frames);
        bytes += frames;
        continue;
      }
      if (step == SegmentStep::kSealed) end = frame.first_record;
      if (step != SegmentStep::kInvalid) break;
      has_other_bytes = true;
      AVOCET_ASSIGN_OR_RETURN(const SegmentReader::Tail tail, reader->InspectTail());
      if (!tail.damaged || tail.next_offset >= segment.size_bytes) break;
      reader->SkipTo(tail.next_offset);
    }
    // Bytes that are no entries may name the device as well.
    if (!rewrite_ || (found_ == before && !has_other_bytes)) return Status::Ok();
    return env_->PutDurably(segment.path, bytes + SealFrame(end, salt), PutMode::kReplace);
  }

  // The frames of an entry: its own, or those of its parts that stay and go.
  Result<std::string> Parts(const Frame& frame) {
    std::string frames;
    AVOCET_ASSIGN_OR_RETURN(PushLabel label, DecodePushLabel(frame.label));
    AVOCET_ASSIGN_OR_RETURN(
        const RawBatch batch,
        DecodePushPayload(label, frame.payload, frame.first_record, frame.num_records));
    const std::vector<bool> hits = Hits(label, batch);
    found_ += static_cast<uint64_t>(std::count(hits.begin(), hits.end(), true));
    PushLabel gone = label;
    gone.format = RecordFormat::kJson;
    gone.csv_header = nullptr;
    gone.partition.clear();  // a topic may be the device's own
    gone.refusal_code = kForgotten;
    gone.refusal = "a record of a device that was forgotten";
    for (size_t begin = 0; begin < hits.size();) {
      const size_t end = static_cast<size_t>(
          std::find(hits.begin() + static_cast<ptrdiff_t>(begin), hits.end(), !hits[begin]) -
          hits.begin());
      std::vector<std::string> records(end - begin);
      for (size_t i = begin; i < end && !hits[begin]; ++i) {
        records[i - begin] = batch.Bytes(batch.records[i]);
      }
      AppendEntryFrame(EncodePushLabel(hits[begin] ? gone : label), EncodePushPayload(records),
                       static_cast<uint32_t>(end - begin), &frames);
      begin = end;
    }
    return frames;
  }

  std::vector<bool> Hits(const PushLabel& label, const RawBatch& batch) {
    std::vector<bool> hits(batch.records.size(), false);
    if (!label.refusal_code.empty()) {
      const bool all = trace_.IsNamedIn(label.refusal) || trace_.IsNamedIn(label.partition);
      for (size_t i = 0; i < hits.size(); ++i) {
        hits[i] = all || trace_.IsNamedIn(batch.Bytes(batch.records[i]));
      }
      return hits;
    }
    const int64_t first = batch.records.front().offset;
    decoder_->Decode(batch, 0, batch.records.size(), now_us_, &readings_);
    for (size_t row = 0; row < readings_.rows; ++row) {
      if (readings_.device[row] != trace_.device()) continue;
      hits[static_cast<size_t>(readings_.offset[row] - first)] = true;
    }
    for (const RejectedRecord& rejected : readings_.rejected) {
      const auto i = static_cast<size_t>(rejected.offset - first);
      if (trace_.IsNamedIn(batch.Bytes(batch.records[i]))) hits[i] = true;
    }
    return hits;
  }

  Env* const env_;
  const DeviceTrace& trace_;
  const bool rewrite_;
  const int64_t now_us_;
  const std::unique_ptr<Decoder> decoder_;
  ReadingBatch readings_;
  uint64_t found_ = 0;
};

}  // namespace

Result<uint64_t> CountInJournals(const Config& config, Env* env, const DeviceTrace& trace) {
  return JournalForgetter(config, env, trace, /*rewrite=*/false).All(DataDir(config) + "/journal");
}

Result<uint64_t> ForgetInJournals(const Config& config, Env* env, const DeviceTrace& trace) {
  return JournalForgetter(config, env, trace, /*rewrite=*/true).All(DataDir(config) + "/journal");
}

}  // namespace avocet
