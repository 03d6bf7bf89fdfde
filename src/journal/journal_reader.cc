#include "src/journal/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace avocet {

Result<bool> JournalReader::Next(JournalItem* item) {
  const std::optional<Journal::Place> place = journal_->Find(record_);
  if (!place.has_value()) return false;
  if (segment_ == nullptr || place->path != place_.path) {
    AVOCET_ASSIGN_OR_RETURN(segment_, SegmentReader::Open(place->path, journal_->env()));
  }
  place_ = *place;
  AVOCET_RETURN_IF_ERROR(NextInSegment(item));
  return true;
}

// REQUIRES: `record_` is before the end of the segment; what is not found there is lost.
Status JournalReader::NextInSegment(JournalItem* item) {
  uint64_t bad_offset = 0;
  while (true) {
    const uint64_t offset = segment_->offset();
    Frame frame;
    AVOCET_ASSIGN_OR_RETURN(const SegmentStep step, segment_->Next(&frame));
    if (step == SegmentStep::kEntry) {
      if (frame.first_record + frame.num_records <= record_) continue;
      if (frame.first_record > record_) {
        segment_->SkipTo(offset);
        ReportLost(std::min(frame.first_record, place_.end_record),
                   bad_offset == 0 ? offset : bad_offset, item);
        return Status::Ok();
      }
      *item = {frame.first_record, frame.num_records, frame.label, frame.payload, {}};
      record_ = frame.first_record + frame.num_records;
      return Status::Ok();
    }
    if (bad_offset == 0) bad_offset = offset;
    if (step == SegmentStep::kInvalid && segment_->header().has_value()) {
      AVOCET_ASSIGN_OR_RETURN(const SegmentReader::Tail tail, segment_->InspectTail());
      segment_->SkipTo(tail.next_offset);
      if (tail.next_offset > offset) continue;
    }
    ReportLost(place_.end_record, bad_offset, item);
    return Status::Ok();
  }
}

void JournalReader::ReportLost(uint64_t end, uint64_t offset, JournalItem* item) {
  const uint64_t most = std::numeric_limits<uint32_t>::max();
  *item = {};
  item->first_record = record_;
  item->num_records = static_cast<uint32_t>(std::min(end - record_, most));
  item->damage = fmt::format("{} is damaged at byte {}: {} records from number {} on are lost",
                             place_.path, offset, item->num_records, item->first_record);
  record_ += item->num_records;
}

}  // namespace avocet
