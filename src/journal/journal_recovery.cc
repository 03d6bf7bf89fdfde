#include "src/journal/journal_recovery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "src/journal/segment_reader.h"

namespace avocet {

Result<std::vector<FoundSegment>> ListSegments(const std::string& directory, Env* env) {
  std::vector<FoundSegment> segments;
  auto entries = env->List(directory);
  if (!entries.ok() && entries.status().code() == StatusCode::kNotFound) return segments;
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    const std::optional<uint64_t> first = ParseSegmentName(entry.name);
    if (!first.has_value() || entry.is_directory) continue;
    FoundSegment segment{*first, 0, directory + "/" + entry.name};
    AVOCET_ASSIGN_OR_RETURN(const FileInfo info, env->Stat(segment.path));
    segment.size_bytes = info.size_bytes;
    segments.push_back(std::move(segment));
  }
  std::sort(segments.begin(), segments.end(),
            [](const auto& a, const auto& b) { return a.first_record < b.first_record; });
  return segments;
}

Result<SegmentEnd> FindSegmentEnd(const FoundSegment& segment, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(segment.path, env));
  SegmentEnd end;
  end.end_record = segment.first_record;
  end.has_header = reader->header().has_value();
  if (end.has_header) end.salt = reader->header()->salt;
  end.valid_bytes = end.has_header ? kSegmentHeaderBytes : 0;
  while (true) {
    Frame frame;
    AVOCET_ASSIGN_OR_RETURN(const SegmentStep step, reader->Next(&frame));
    if (step == SegmentStep::kEntry) {
      end.end_record = frame.first_record + frame.num_records;
      end.valid_bytes = reader->offset();
      continue;
    }
    if (step == SegmentStep::kSealed) {
      end.end_record = frame.first_record;
      end.valid_bytes = reader->offset();
      end.sealed = true;
      return end;
    }
    if (step == SegmentStep::kEnd) break;
    AVOCET_ASSIGN_OR_RETURN(const SegmentReader::Tail tail, reader->InspectTail());
    if (!tail.damaged || tail.next_offset >= segment.size_bytes) break;
    reader->SkipTo(tail.next_offset);
  }
  end.torn_bytes = segment.size_bytes - std::min(segment.size_bytes, end.valid_bytes);
  return end;
}

Status SealSegment(const FoundSegment& segment, const SegmentEnd& end, Env* env) {
  if (end.torn_bytes > 0) {
    spdlog::warn(
        "the end of the journal was torn and is cut: file={} offset={} bytes={} next_record={}",
        segment.path, end.valid_bytes, end.torn_bytes, end.end_record);
  }
  if (end.end_record == segment.first_record) {
    AVOCET_RETURN_IF_ERROR(env->Remove(segment.path));
    return env->SyncDirectory(segment.path.substr(0, segment.path.rfind('/')));
  }
  // Written anew, because what a killed process has written need not be on the disk, and because a
  // file cannot be cut and kept at once.
  AVOCET_ASSIGN_OR_RETURN(std::string bytes, env->ReadFile(segment.path));
  bytes.resize(end.valid_bytes);
  bytes += SealFrame(end.end_record, end.salt);
  return env->PutDurably(segment.path, bytes, PutMode::kReplace);
}

}  // namespace avocet
