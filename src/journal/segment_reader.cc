#include "src/journal/segment_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;

}  // namespace

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(const std::string& path, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, env->OpenForRead(path));
  std::unique_ptr<SegmentReader> reader(new SegmentReader(path, std::move(file)));
  AVOCET_ASSIGN_OR_RETURN(const std::string_view header, reader->Peek(kSegmentHeaderBytes));
  reader->header_ = ParseSegmentHeader(header);
  const std::optional<uint64_t> named = ParseSegmentName(path.substr(path.rfind('/') + 1));
  if (reader->header_.has_value() && reader->header_->first_record != named) {
    reader->header_.reset();  // it was renamed: its numbers cannot be trusted
  }
  reader->offset_ = kSegmentHeaderBytes;
  return reader;
}

Result<std::string_view> SegmentReader::Peek(size_t size) {
  const uint64_t buffer_end = buffer_offset_ + buffer_.size();
  if (offset_ < buffer_offset_ || offset_ + size > buffer_end) {
    if (offset_ < buffer_offset_ || offset_ > buffer_end) {
      buffer_.clear();
    } else {
      buffer_.erase(0, static_cast<size_t>(offset_ - buffer_offset_));
    }
    buffer_offset_ = offset_;
    const size_t have = buffer_.size();
    buffer_.resize(std::max(size, have + kBlockBytes));
    AVOCET_ASSIGN_OR_RETURN(
        const size_t read,
        file_->ReadAt(offset_ + have, std::as_writable_bytes(std::span(buffer_).subspan(have))));
    buffer_.resize(have + read);
  }
  return std::string_view(buffer_).substr(static_cast<size_t>(offset_ - buffer_offset_));
}

Result<SegmentStep> SegmentReader::Next(Frame* frame) {
  while (true) {
    AVOCET_ASSIGN_OR_RETURN(std::string_view bytes, Peek(kFrameHeaderBytes));
    if (!header_.has_value()) return SegmentStep::kInvalid;
    if (bytes.empty()) return SegmentStep::kEnd;
    const std::optional<size_t> size = FrameSize(bytes);
    if (!size.has_value()) return SegmentStep::kInvalid;
    if (bytes.size() < *size) {
      // A damaged size must not make room for what the file does not have.
      AVOCET_ASSIGN_OR_RETURN(const FileInfo info, file_->Stat());
      if (info.size_bytes < offset_ + *size) return SegmentStep::kInvalid;
      AVOCET_ASSIGN_OR_RETURN(bytes, Peek(*size));
    }
    const std::optional<Frame> parsed = ParseFrame(bytes, header_->salt);
    if (!parsed.has_value()) return SegmentStep::kInvalid;
    if (parsed->kind == FrameKind::kSeal) {
      *frame = *parsed;
      return SegmentStep::kSealed;
    }
    offset_ += *size;
    if (parsed->kind == FrameKind::kGroup) continue;
    *frame = *parsed;
    return SegmentStep::kEntry;
  }
}

Result<SegmentReader::Tail> SegmentReader::InspectTail() {
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, file_->Stat());
  const size_t left =
      info.size_bytes > offset_ ? static_cast<size_t>(info.size_bytes - offset_) : 0;
  AVOCET_ASSIGN_OR_RETURN(const std::string_view peeked, Peek(left));
  const std::string_view bytes = peeked.substr(0, left);
  Tail tail;
  tail.next_offset = offset_ + left;
  if (!header_.has_value()) return tail;
  bool found_next = false;
  for (size_t at = bytes.find("AVJ", 1); at != std::string_view::npos;
       at = bytes.find("AVJ", at + 1)) {
    const std::optional<Frame> frame = ParseFrame(bytes.substr(at), header_->salt);
    if (!frame.has_value()) continue;
    // A seal is written after everything before it was synced.
    const bool proof = frame->kind == FrameKind::kSeal ||
                       (frame->kind == FrameKind::kGroup && frame->synced_bytes > offset_);
    tail.damaged = tail.damaged || proof;
    if (!found_next && frame->kind != FrameKind::kGroup) {
      tail.next_offset = offset_ + at;
      found_next = true;
    }
    if (tail.damaged && found_next) break;
  }
  return tail;
}

}  // namespace avocet
