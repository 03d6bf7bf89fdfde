#include "src/journal/journal_check.h"

#include <fmt/format.h>

#include <optional>

#include "src/journal/journal_recovery.h"
#include "src/journal/segment_reader.h"

namespace avocet {
namespace {

class SegmentCheck {
 public:
  SegmentCheck(const FoundSegment& segment, std::optional<uint64_t> next_segment,
               JournalReport* report)
      : segment_(segment), next_segment_(next_segment), report_(*report) {}

  Status Run(Env* env) {
    AVOCET_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(segment_.path, env));
    record_ = segment_.first_record;
    if (!reader->header().has_value()) {
      // The header of the newest may not have been written completely.
      if (segment_.size_bytes > kSegmentHeaderBytes || next_segment_.has_value()) {
        Add("both copies of the header are damaged, no record can be read");
      }
      return Status::Ok();
    }
    while (true) {
      Frame frame;
      AVOCET_ASSIGN_OR_RETURN(const SegmentStep step, reader->Next(&frame));
      if (step == SegmentStep::kEntry) {
        // Given up after an error: the next segment has these numbers.
        if (next_segment_.has_value() && frame.first_record >= *next_segment_) break;
        Expect(frame.first_record, reader->offset());
        record_ = frame.first_record + frame.num_records;
        continue;
      }
      if (step == SegmentStep::kSealed) Expect(frame.first_record, reader->offset());
      if (step != SegmentStep::kInvalid) break;
      const uint64_t offset = reader->offset();
      AVOCET_ASSIGN_OR_RETURN(const SegmentReader::Tail tail, reader->InspectTail());
      if (!tail.damaged) {
        if (!next_segment_.has_value()) report_.torn_bytes = segment_.size_bytes - offset;
        break;
      }
      bad_offset_ = offset;
      reader->SkipTo(tail.next_offset);
      if (tail.next_offset >= segment_.size_bytes) break;
    }
    if (next_segment_.has_value()) Expect(*next_segment_, reader->offset());
    report_.end_record = record_;
    return Status::Ok();
  }

 private:
  // The records up to `record` should have been seen.
  void Expect(uint64_t record, uint64_t offset) {
    if (record > record_) {
      Add(fmt::format("damaged at byte {}: {} records from number {} on are lost",
                      bad_offset_.value_or(offset), record - record_, record_));
    } else if (bad_offset_.has_value()) {
      Add(fmt::format("damaged at byte {}; no record is lost", *bad_offset_));
    }
    bad_offset_.reset();
    record_ = record;
  }

  void Add(std::string message) { report_.damage.push_back({segment_.path, std::move(message)}); }

  const FoundSegment& segment_;
  const std::optional<uint64_t> next_segment_;
  JournalReport& report_;
  uint64_t record_ = 0;  // the next
  std::optional<uint64_t> bad_offset_;
};

}  // namespace

Result<JournalReport> CheckJournal(const std::string& directory, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const std::vector<FoundSegment> segments, ListSegments(directory, env));
  JournalReport report;
  report.segments = segments.size();
  if (!segments.empty()) report.first_record = segments.front().first_record;
  for (size_t i = 0; i < segments.size(); ++i) {
    report.size_bytes += segments[i].size_bytes;
    std::optional<uint64_t> next;
    if (i + 1 < segments.size()) next = segments[i + 1].first_record;
    AVOCET_RETURN_IF_ERROR(SegmentCheck(segments[i], next, &report).Run(env));
  }
  return report;
}

}  // namespace avocet
